// What in-memory entities leave when their shard moves, on its way from the old owner to the new one: in pieces,
// each acknowledged, sent again when it is not. Two pure halves.
import type { NodeIdentity } from '@casty/transport'

/** One entity, and what it left, as bytes. */
export interface LeftState {
  readonly entityId: string
  readonly bytes: Uint8Array
}

/** One piece on its way. */
export interface HandOverPiece {
  readonly epoch: number
  /** From 0. */
  readonly index: number
  /** How many there are, at least 1. */
  readonly count: number
  readonly states: readonly LeftState[]
}

/** So many pieces are on their way at once. */
const window = 4
/** What one piece holds at most, in bytes, where a frame takes as much; at least one state all the same. */
export const maxPieceBytes = 131_072
/** What a state takes besides its bytes and its id: how long they are. */
const stateOverhead = 8

/** Sends all there is to one node. Mutable, and of its owner alone. */
export class HandOverSending {
  readonly to: NodeIdentity
  readonly #epoch: number
  readonly #pieces: readonly (readonly LeftState[])[]
  readonly #againMs: number
  #acknowledged = 0
  #sent = 0
  #againAt = Infinity

  constructor(
    to: NodeIdentity,
    epoch: number,
    states: readonly LeftState[],
    againMs: number,
    pieceBytes: number = maxPieceBytes,
  ) {
    this.to = to
    this.#epoch = epoch
    this.#pieces = piecesOf(states, pieceBytes)
    this.#againMs = againMs
  }

  get isDone(): boolean {
    return this.#acknowledged >= this.#pieces.length
  }

  nextDeadline(): number | undefined {
    return this.isDone ? undefined : this.#againAt
  }

  /** So many pieces have arrived, from the first one on. */
  acknowledged(count: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, Math.min(count, this.#pieces.length))
    this.#sent = Math.max(this.#sent, this.#acknowledged)
    this.#againAt = -Infinity
  }

  /** What is to be sent now: once at the start, after each acknowledgement, and when its deadline has come. */
  due(now: number): readonly HandOverPiece[] {
    if (this.isDone) return []
    if (this.#againAt <= now && this.#againAt > -Infinity) this.#sent = this.#acknowledged
    const from = this.#sent
    this.#sent = Math.min(this.#acknowledged + window, this.#pieces.length)
    this.#againAt = now + this.#againMs
    return this.#pieces.slice(from, this.#sent).map((states, offset) => ({
      epoch: this.#epoch,
      index: from + offset,
      count: this.#pieces.length,
      states,
    }))
  }
}

function piecesOf(
  states: readonly LeftState[],
  pieceBytes: number,
): readonly (readonly LeftState[])[] {
  const pieces: LeftState[][] = []
  let room = 0
  for (const state of states) {
    const size = state.bytes.length + 3 * state.entityId.length + stateOverhead
    if (size > room || pieces.length === 0) {
      pieces.push([])
      room = pieceBytes
    }
    pieces.at(-1)?.push(state)
    room -= size
  }
  return pieces
}

interface Arriving {
  readonly from: NodeIdentity
  readonly epoch: number
  count: number
  readonly states: LeftState[]
  sizeBytes: number
}

/** What was handed over to this node. */
export interface ArrivedStates {
  readonly from: NodeIdentity
  readonly states: readonly LeftState[]
}

/** Keeps what arrives until the shard does. Mutable, and of its owner alone. */
export class HandOverReceiving {
  readonly #maxBytes: number
  readonly #shards = new Map<number, Arriving>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /**
   * @returns how many pieces of that handoff are here, from the first one on; undefined where there is no room:
   * then whoever sends is to be left without an answer, and gives up
   */
  arrived(shard: number, from: NodeIdentity, piece: HandOverPiece): number | undefined {
    let arriving = this.#shards.get(shard)
    if (arriving && (arriving.epoch < piece.epoch || !arriving.from.equals(from))) {
      this.forget(shard)
      arriving = undefined
    }
    if (arriving && arriving.epoch > piece.epoch) return piece.count // Of a handoff that is over.
    arriving ??= { from, epoch: piece.epoch, count: 0, states: [], sizeBytes: 0 }
    if (piece.index !== arriving.count) return arriving.count
    const size = piece.states.reduce((sum, { bytes }) => sum + bytes.length, 0)
    if (this.#bytes + size > this.#maxBytes) return undefined
    this.#shards.set(shard, arriving)
    arriving.states.push(...piece.states)
    arriving.sizeBytes += size
    this.#bytes += size
    return ++arriving.count
  }

  /**
   * What arrived for a shard that came under `epoch`, from its owner at the epoch before. What was left at an earlier one
   * is old: that handoff was called off, and the entities went on.
   */
  take(shard: number, epoch: number): ArrivedStates | undefined {
    const arriving = this.#shards.get(shard)
    this.forget(shard)
    return arriving?.epoch === epoch - 1 ? arriving : undefined
  }

  /** What was left below that epoch is of no use here. */
  forget(shard: number, belowEpoch: number = Infinity): void {
    const arriving = this.#shards.get(shard)
    if (!arriving || arriving.epoch >= belowEpoch) return
    this.#bytes -= arriving.sizeBytes
    this.#shards.delete(shard)
  }
}
