// What the parts of a node say to one process in one turn goes as few messages: there are many parts, and few who use them.
import type { ActorRef } from '@casty/actor'
import { ByteWriter } from '@casty/transport'
import { Gathering } from '../protocol/gathering.ts'
import { writePartReply, type PartReplies, type PartReply } from '../protocol/messages.ts'
import { shortLived } from '../values/short-lived.ts'

/** No reply joins others to more than that, in bytes: together they have to fit into the smallest frames that sharding takes. */
const enoughBytes = 32_768
const firstBytes = 1_024
/** Room that large is let go. */
const maxSpareBytes = 16_384
const maxSpares = 64

interface Gathered {
  readonly gathering: Gathering
  writer: ByteWriter
}

/** Mutable. Shared by all parts of one node. Replies to one process arrive in the order in which they were added. */
export class RepliesOfTurn {
  readonly #report: (error: unknown) => void
  readonly #gathered = new Map<ActorRef<PartReplies>, Gathered>()
  readonly #spares: ByteWriter[] = []
  #willFlush = false

  /** @param report - told of what cannot be sent: it harms nobody but whom it is for, who asks again */
  constructor(report: (error: unknown) => void) {
    this.#report = report
  }

  add(peer: ActorRef<PartReplies>, reply: PartReply): void {
    const gathered = this.#gatheredFor(peer)
    const { length } = gathered.writer
    if (length > 0 && length + reply.body.length > enoughBytes) this.#send(peer, gathered)
    writePartReply(gathered.writer, reply)
    if (gathered.gathering.adds()) this.#send(peer, gathered)
    this.#flushSoon()
  }

  #gatheredFor(peer: ActorRef<PartReplies>): Gathered {
    let gathered = this.#gathered.get(peer)
    if (!gathered) {
      gathered = { gathering: new Gathering(), writer: this.#emptyWriter() }
      this.#gathered.set(peer, gathered)
    }
    return gathered
  }

  #emptyWriter(): ByteWriter {
    return this.#spares.pop() ?? new ByteWriter(firstBytes)
  }

  /** Behind all parts that were about to say something when the first of them did. */
  #flushSoon(): void {
    if (this.#willFlush) return
    this.#willFlush = true
    void Promise.resolve().then(() => {
      this.#willFlush = false
      for (const [peer, gathered] of this.#gathered) {
        if (gathered.writer.length > 0) this.#send(peer, gathered)
        this.#keep(gathered.writer)
      }
      this.#gathered.clear()
    })
  }

  #send(peer: ActorRef<PartReplies>, gathered: Gathered): void {
    const replies = shortLived(gathered.writer)
    if (gathered.writer.length <= maxSpareBytes) gathered.writer.reset()
    else gathered.writer = this.#emptyWriter()
    try {
      peer.tell(replies)
    } catch (error) {
      this.#report(error)
    }
  }

  #keep(writer: ByteWriter): void {
    if (this.#spares.length < maxSpares) this.#spares.push(writer)
  }
}
