// What comes from other nodes: taken, kept until the table here has caught up, or sent back. Nothing of a node
// overtakes what went back to it: until its fence comes, all that it sent under that epoch goes back as well.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { HeldFrames, type HeldFrame, type HeldLimits } from './held-frames.ts'
import type { Admission } from './owned-shard.ts'
import type { ForeignFrame } from './region-node.ts'

/** What waits until the table here has caught up. */
type Held = HeldFrame &
  (
    | { readonly type: 'letter'; readonly frame: ForeignFrame }
    | { readonly type: 'fence'; readonly token: number }
  )

/** What arrivals need of the rest. */
export interface ArrivalsPort {
  now(): number
  /** What to do with a message for a shard under some epoch. */
  admit(shard: number, epoch: number): Admission
  /** As far as this node's table goes for a shard. */
  epochOf(shard: number): number
  /** To its entity here. @throws where it cannot be read */
  take(frame: ForeignFrame): void
  /** Nobody will handle it. @throws where it cannot be read */
  drop(frame: ForeignFrame): void
  sendBack(frame: ForeignFrame, neededEpoch: number): void
  /** Behind this, nothing comes from there under that epoch. */
  fenced(shard: number, from: NodeKey, epoch: number): void
  sendDrained(to: NodeIdentity, shard: number, token: number): void
  report(error: unknown, what: string): void
  deadlineMoved(): void
}

export class Arrivals {
  readonly #port: ArrivalsPort
  readonly #held: HeldFrames<Held>
  /** Nodes that got a message back, by shard, with the epoch that it was sent under: none below that of the table. */
  readonly #refused = new Map<number, Map<NodeKey, number>>()

  constructor(limits: HeldLimits, port: ArrivalsPort) {
    this.#port = port
    this.#held = new HeldFrames(limits)
  }

  /** How many frames are kept. */
  get size(): number {
    return this.#held.size
  }

  /** How many nodes, counted by shard, are to send a fence before anything of them is taken. */
  get refused(): number {
    let count = 0
    for (const { size } of this.#refused.values()) count += size
    return count
  }

  received(frame: ForeignFrame): void {
    const { shard, epoch } = frame
    const admission = this.#port.admit(shard, epoch)
    if (admission.type !== 'return' && this.#hasRefused(shard, frame.from.key, epoch)) {
      this.#sendBack(frame, epoch) // It must not come before what went back.
      return
    }
    switch (admission.type) {
      case 'take':
        this.#port.take(frame)
        return
      case 'hold':
        this.#hold({ type: 'letter', from: frame.from, shard, epoch, ...sized(frame) })
        return
      case 'return':
        this.#sendBack(frame, admission.neededEpoch)
    }
  }

  #hasRefused(shard: number, from: NodeKey, epoch: number): boolean {
    return this.#refused.size > 0 && this.#refused.get(shard)?.get(from) === epoch
  }

  #sendBack(frame: ForeignFrame, neededEpoch: number): void {
    const { shard, epoch } = frame
    // Under an epoch that is over all goes back anyway; and a node that dies never sends its fence.
    if (epoch >= this.#port.epochOf(shard)) {
      const refused = this.#refused.get(shard) ?? new Map<NodeKey, number>()
      this.#refused.set(shard, refused.set(frame.from.key, epoch))
    }
    this.#port.sendBack(frame, neededEpoch)
  }

  #hold(held: Held): void {
    if (this.#held.add(held, this.#port.now())) {
      this.#port.deadlineMoved()
      return
    }
    const { shard, from } = held
    for (const before of this.#held.takeFrom(shard, from)) this.#giveBack(before)
    this.#giveBack(held)
  }

  /** There is no room or time to keep it: whoever sent it may try again. */
  #giveBack(held: Held): void {
    if (held.type === 'letter') this.#sendBack(held.frame, held.epoch)
    else this.#echo(held.from, held.shard, held.token)
  }

  /** Behind this, nothing comes from there under that epoch. */
  fenced(from: NodeIdentity, shard: number, epoch: number, token: number): void {
    if (epoch > this.#port.epochOf(shard) && this.#held.has(shard)) {
      this.#hold({ type: 'fence', shard, epoch, from, token, sizeBytes: 0 })
      return
    }
    this.#port.fenced(shard, from.key, epoch)
    this.#echo(from, shard, token)
  }

  /** All that it sent before has been taken or sent back. */
  #echo(from: NodeIdentity, shard: number, token: number): void {
    const refused = this.#refused.get(shard)
    if (refused?.delete(from.key) === true && refused.size === 0) this.#refused.delete(shard)
    this.#port.sendDrained(from, shard, token)
  }

  /** The table here is at that epoch. */
  caughtUp(shard: number, epoch: number): void {
    this.#forgetBelow(shard, epoch)
    for (const held of this.#held.takeReady(shard, epoch)) this.#takeHeld(held)
  }

  #forgetBelow(shard: number, epoch: number): void {
    const refused = this.#refused.get(shard)
    if (!refused) return
    for (const [key, sentUnder] of refused) if (sentUnder < epoch) refused.delete(key)
    if (refused.size === 0) this.#refused.delete(shard)
  }

  #takeHeld(held: Held): void {
    this.#tryWith(held, () => {
      if (held.type === 'letter') this.received(held.frame)
      else this.fenced(held.from, held.shard, held.epoch, held.token)
    })
  }

  #tryWith(held: Held, act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#port.report(error, `A message of ${held.from.key} that had to wait cannot be read`)
    }
  }

  nextDeadline(): number | undefined {
    return this.#held.nextDeadline()
  }

  /** Does what is due. */
  tick(): void {
    for (const held of this.#held.takeOverdue(this.#port.now())) this.#giveBack(held)
  }

  /** Nothing is taken any more. */
  close(): void {
    for (const held of this.#held.takeAll()) {
      if (held.type === 'letter') this.#tryWith(held, () => this.#port.drop(held.frame))
      else this.#echo(held.from, held.shard, held.token)
    }
  }
}

/** A frame with its own copy of what it holds, for its bytes are used again after the call. */
function sized(frame: ForeignFrame): { readonly frame: ForeignFrame; readonly sizeBytes: number } {
  const bytes = frame.bytes.slice(frame.start, frame.end)
  const share = frame.share && { ...frame.share, own: frame.share.own.slice() }
  return {
    frame: { ...frame, share, bytes, start: 0, end: bytes.length },
    sizeBytes: bytes.length + (share?.own.length ?? 0) + frame.entityId.length,
  }
}
