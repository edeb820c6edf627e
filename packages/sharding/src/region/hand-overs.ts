// What entities leave when their shards move, on its way out of this node and into it: encoded here, and read
// here, where that fails for one entity the others are not concerned.
import type { NodeIdentity } from '@casty/transport'
import type { CheckedType } from '../entity-type.ts'
import {
  HandOverReceiving,
  HandOverSending,
  maxPieceBytes,
  type HandOverPiece,
  type LeftState,
} from './hand-over.ts'
import type { LeftStates } from './left-states.ts'

export interface HandOverSettings {
  /** How much of what others hand over is kept at most, in bytes. */
  readonly maxHandOverBytes: number
  /** Pieces of what is handed over are sent again after so long, in milliseconds. */
  readonly handOverAgainMs: number
}

/** What handing over needs of the rest. */
export interface HandOversPort {
  readonly type: CheckedType
  now(): number
  /** What states of one frame may take at most. */
  readonly maxPieceBytes: number
  /** What is to be sent to another node. @throws where it cannot be */
  encode(to: NodeIdentity, state: unknown): Uint8Array
  /** @throws where it cannot be read */
  decode(from: NodeIdentity, bytes: Uint8Array): unknown
  sendPiece(to: NodeIdentity, shard: number, piece: HandOverPiece): void
  report(error: unknown, what: string): void
  warn(what: string): void
  deadlineMoved(): void
}

export class HandOvers {
  readonly #port: HandOversPort
  readonly #againMs: number
  readonly #sending = new Map<number, HandOverSending>()
  readonly #receiving: HandOverReceiving
  #hasWarned = false

  constructor({ maxHandOverBytes, handOverAgainMs }: HandOverSettings, port: HandOversPort) {
    this.#port = port
    this.#againMs = handOverAgainMs
    this.#receiving = new HandOverReceiving(maxHandOverBytes)
  }

  /** Begins to send what entities left, if any ever lived here. @returns whether there is nothing to wait for */
  begin(shard: number, to: NodeIdentity, epoch: number, left: LeftStates | undefined): boolean {
    if (left) this.#warnOfLostState(left, to)
    const states = left ? [...this.#encoded(to, left.states)] : []
    const pieceBytes = Math.min(maxPieceBytes, this.#port.maxPieceBytes)
    const sending = new HandOverSending(to, epoch, states, this.#againMs, pieceBytes)
    this.#sending.set(shard, sending)
    this.#send(shard, sending)
    return sending.isDone
  }

  /** Once: whoever keeps something in memory learns of it while others are tried out, and not in production. */
  #warnOfLostState({ saidNothing }: LeftStates, to: NodeIdentity): void {
    const { journal, replication } = this.#port.type
    if (this.#hasWarned || saidNothing === 0 || journal || replication) return
    this.#hasWarned = true
    this.#port.warn(
      `Entities begin anew on ${to}, where their shard moves: what they kept in memory is lost. Have them hand it over ` +
        '(context.handOver), or write events; where there is nothing to keep, hand over undefined. This is said once',
    )
  }

  *#encoded(to: NodeIdentity, left: ReadonlyMap<string, unknown>): Iterable<LeftState> {
    for (const [entityId, state] of left) {
      try {
        yield { entityId, bytes: this.#port.encode(to, state) }
      } catch (error) {
        this.#port.report(error, `What ${entityId} hands over cannot be sent`)
      }
    }
  }

  #send(shard: number, sending: HandOverSending): void {
    for (const piece of sending.due(this.#port.now()))
      this.#port.sendPiece(sending.to, shard, piece)
    this.#port.deadlineMoved()
  }

  /** So many pieces have arrived there. @returns whether those are all */
  acknowledged(shard: number, from: NodeIdentity, count: number): boolean {
    const sending = this.#sending.get(shard)
    if (!sending?.to.equals(from)) return false
    sending.acknowledged(count)
    this.#send(shard, sending)
    return sending.isDone
  }

  /** The shard goes on, whatever has arrived. */
  end(shard: number): void {
    if (this.#sending.get(shard)?.isDone === false) {
      const what = `What entities of shard ${shard} hand over has not arrived in time, and is lost`
      this.#port.warn(what)
    }
    this.#sending.delete(shard)
  }

  /** What another owner hands over. @returns how many pieces to acknowledge; undefined where there is no room */
  arrived(shard: number, from: NodeIdentity, piece: HandOverPiece): number | undefined {
    return this.#receiving.arrived(shard, from, piece)
  }

  /** With what entities of a shard that came under `epoch` are to start. */
  *take(
    shard: number,
    epoch: number,
  ): Iterable<{ readonly entityId: string; readonly state: unknown }> {
    const arrived = this.#receiving.take(shard, epoch)
    if (!arrived) return
    for (const { entityId, bytes } of arrived.states) {
      try {
        yield { entityId, state: this.#port.decode(arrived.from, bytes) }
      } catch (error) {
        this.#port.report(error, `What ${entityId} handed over cannot be read here`)
      }
    }
  }

  /** The shard went elsewhere, or will: what was left below that epoch is of no use here. */
  forget(shard: number, belowEpoch: number): void {
    this.#receiving.forget(shard, belowEpoch)
  }

  nextDeadline(): number {
    let next = Infinity
    for (const sending of this.#sending.values()) {
      next = Math.min(next, sending.nextDeadline() ?? Infinity)
    }
    return next
  }

  /** Does what is due. */
  tick(): void {
    const now = this.#port.now()
    for (const [shard, sending] of this.#sending) {
      if ((sending.nextDeadline() ?? Infinity) <= now) this.#send(shard, sending)
    }
  }
}
