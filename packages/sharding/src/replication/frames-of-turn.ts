// What a node has to say to others in one turn, in as few frames as it fits into: many shards share a few peers, and a
// frame for each of them costs more than what it holds.
//
//   frame     parts, each behind its length
import { ByteReader, ByteWriter, type NodeIdentity, type NodeKey } from '@casty/transport'

export interface FramesOfTurnPort {
  send(to: NodeIdentity, frame: Uint8Array): void
  /** Calls back when what goes together has been added. */
  atEndOfTurn(callback: () => void): void
}

interface Gathered {
  readonly to: NodeIdentity
  frame: ByteWriter
}

/** A frame leaves once it is that long, in bytes, so that the other end begins while this one goes on. */
const enoughBytes = 65_536
const firstBytes = 1_024

/** Mutable. Parts for one node arrive in the order in which they were added. */
export class FramesOfTurn {
  readonly #port: FramesOfTurnPort
  readonly #gathered = new Map<NodeKey, Gathered>()
  #isFlushDue = false

  constructor(port: FramesOfTurnPort) {
    this.#port = port
  }

  /**
   * @param part - copied. One that is longer than other frames has one of its own
   * @returns whether it is the first of a frame
   */
  add(to: NodeIdentity, part: Uint8Array): boolean {
    let gathered = this.#gathered.get(to.key)
    if (!gathered) {
      gathered = { to, frame: new ByteWriter(firstBytes) }
      this.#gathered.set(to.key, gathered)
    }
    if (gathered.frame.length + part.length > enoughBytes) this.#send(gathered)
    const isFirst = gathered.frame.length === 0
    gathered.frame.bytes(part, part.length)
    this.#flushSoon()
    return isFirst
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    this.#port.atEndOfTurn(() => this.#flush())
  }

  #flush(): void {
    this.#isFlushDue = false
    for (const gathered of this.#gathered.values()) this.#send(gathered)
  }

  #send(gathered: Gathered): void {
    const { to, frame } = gathered
    if (frame.length === 0) return
    this.#port.send(to, frame.view())
    // Room that large is let go.
    if (frame.length > enoughBytes) gathered.frame = new ByteWriter(firstBytes)
    else frame.reset()
  }

  /** Keeps no room for nodes that nothing waits for: some of them may be gone. */
  forgetIdle(): void {
    for (const [key, { frame }] of this.#gathered) {
      if (frame.length === 0) this.#gathered.delete(key)
    }
  }
}

/**
 * The parts of a frame, one after the other: whoever stops at one that it cannot read has made nothing of the rest. They share
 * its bytes. @throws TransportError `CASTY_TRANSPORT_MALFORMED`
 */
export function* partsOfFrame(bytes: Uint8Array, start: number, end: number): Iterable<Uint8Array> {
  const reader = new ByteReader(bytes, start, end)
  while (reader.remaining > 0) yield reader.view(reader.remaining)
}
