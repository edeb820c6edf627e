// What the parts of a node say to one process in one turn goes as one message: there are many parts, and few who use them.
import type { ActorRef } from '@casty/actor'
import { ByteWriter } from '@casty/transport'
import { writePartReply, type PartReplies, type PartReply } from '../protocol/messages.ts'
import { shortLived } from '../values/short-lived.ts'

/** No reply joins others to more than that, in bytes: together they have to fit into the smallest frames that sharding takes. */
const enoughBytes = 32_768
const firstBytes = 1_024
/** Room that large is let go. */
const maxSpareBytes = 16_384
const maxSpares = 64

/** Mutable. Shared by all parts of one node. Replies to one process arrive in the order in which they were added. */
export class RepliesOfTurn {
  readonly #report: (error: unknown) => void
  readonly #gathered = new Map<ActorRef<PartReplies>, ByteWriter>()
  readonly #spares: ByteWriter[] = []
  #willFlush = false

  /** @param report - told of what cannot be sent: it harms nobody but whom it is for, who asks again */
  constructor(report: (error: unknown) => void) {
    this.#report = report
  }

  add(peer: ActorRef<PartReplies>, reply: PartReply): void {
    const gathered = this.#gathered.get(peer)
    if (gathered && gathered.length + reply.body.length > enoughBytes) this.#send(peer, gathered)
    writePartReply(this.#writerFor(peer), reply)
    this.#flushSoon()
  }

  #writerFor(peer: ActorRef<PartReplies>): ByteWriter {
    let writer = this.#gathered.get(peer)
    if (!writer)
      this.#gathered.set(peer, (writer = this.#spares.pop() ?? new ByteWriter(firstBytes)))
    return writer
  }

  /** Behind all parts that were about to say something when the first of them did. */
  #flushSoon(): void {
    if (this.#willFlush) return
    this.#willFlush = true
    void Promise.resolve().then(() => {
      this.#willFlush = false
      for (const [peer, writer] of this.#gathered) this.#send(peer, writer)
    })
  }

  #send(peer: ActorRef<PartReplies>, writer: ByteWriter): void {
    const replies = shortLived(writer)
    this.#gathered.delete(peer)
    if (this.#spares.length < maxSpares && writer.length <= maxSpareBytes) {
      this.#spares.push(writer.reset())
    }
    try {
      peer.tell(replies)
    } catch (error) {
      this.#report(error)
    }
  }
}
