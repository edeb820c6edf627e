// What last writer wins means, shared by the register and the map.
import { CrdtError } from '../errors.ts'
import { compareText } from '../kernel/compare-text.ts'
import { stampsOf, type DotStore } from '../kernel/dot-store.ts'
import type { Draft } from '../kernel/draft.ts'
import type { Payload } from '../kernel/payload.ts'
import type { LeafShape } from '../kernel/shape.ts'
import { fromText, isCanonicalText, textOf, type Plain } from '../plain.ts'
import { isNodeName, type Replica } from '../replica.ts'

/** Timestamps stay below, so that there is always a greater one. About 142,000 years in milliseconds. */
const maxTimestamp = 2 ** 52

/** Which of several writes stays. It is part of the type, and so the same on every node. */
export interface LwwOptions {
  /**
   * `last`: the latest write. `first`: the first one; later ones change nothing.
   * @defaultValue 'last'
   */
  readonly keep?: 'last' | 'first'
  /**
   * Whose write stays of two at the same time: of the node whose name is greater, or lower, in the order of
   * code units.
   * @defaultValue 'highest-node'
   */
  readonly tie?: 'highest-node' | 'lowest-node'
}

/** Which write stays, where nothing else is said. */
export const lwwDefaults: Required<LwwOptions> = { keep: 'last', tie: 'highest-node' }

/** A value with when and by whom it was written. */
export interface Written<T> {
  readonly value: T
  /** Milliseconds by the writer's clock, or a little later where it had seen a later one. */
  readonly writtenAtMs: number
  readonly node: string
}

/** @throws CrdtError `CASTY_CRDT_INVALID_ARGUMENT` */
export function checkedLwwOptions(options: LwwOptions): Required<LwwOptions> {
  const { keep, tie } = { ...lwwDefaults, ...options }
  if (keep !== 'last' && keep !== 'first')
    throw CrdtError.invalidArgument('keep', keep, 'last or first')
  if (tie !== 'highest-node' && tie !== 'lowest-node')
    throw CrdtError.invalidArgument('tie', tie, 'highest-node or lowest-node')
  return { keep, tie }
}

/** What tells apart types whose writes win by other rules; nothing by the default ones. */
export function lwwSuffix({ keep, tie }: Required<LwwOptions>): string {
  const parts = [
    keep === lwwDefaults.keep ? [] : [keep],
    tie === lwwDefaults.tie ? [] : [tie],
  ].flat()
  return parts.length === 0 ? '' : `:${parts.join(':')}`
}

/**
 * The timestamp of a write: by the clock, and beyond what the writer has seen, so that its own write wins
 * over that even if its clock is behind. Where the first write is kept, timestamps are below 0 and fall.
 *
 * @param currentMs - of the value that is there; 0 where none is
 * @see Kulkarni et al., "Logical physical clocks", 2014
 * @example nextTimestamp('last', 900, 1_000) // => 1_001
 */
export function nextTimestamp(keep: 'last' | 'first', nowMs: number, currentMs: number): number {
  return keep === 'last' ? Math.max(nowMs, currentMs + 1) : Math.min(-nowMs, currentMs - 1)
}

export function writtenShape({ tie }: Required<LwwOptions>): LeafShape {
  return {
    type: 'leaf',
    isPayload: ([timestamp, text, author, ...rest]) =>
      rest.length === 0 &&
      (author === undefined || isNodeName(author)) &&
      typeof timestamp === 'number' &&
      Math.abs(timestamp) <= maxTimestamp &&
      isCanonicalText(text),
    combine: (writes) => {
      const winner = winnerOf(writes, tie)
      if (winner === undefined) return []
      // Whoever stands in for the writer must not win or lose ties in its own name.
      const [timestamp = 0, text = ''] = winner[1]
      return [timestamp, text, authorOf(winner)]
    },
  }
}

/** A dot of a node with a timestamp, a text and, if that is another node, who wrote it. */
type Write = readonly [node: string, payload: Payload]

function authorOf([node, payload]: Write): string {
  const author = payload[2]
  return typeof author === 'string' ? author : node
}

/** The greatest timestamp; of equal ones by the name of the node. */
function winnerOf(
  writes: readonly Write[],
  tie: 'highest-node' | 'lowest-node',
): Write | undefined {
  const [winner] = writes.toSorted(
    (left, right) =>
      timestampIn(right[1]) - timestampIn(left[1]) ||
      compareText(authorOf(right), authorOf(left)) * (tie === 'highest-node' ? 1 : -1),
  )
  return winner
}

function timestampIn([timestamp]: Payload): number {
  return typeof timestamp === 'number' ? timestamp : 0
}

/** The write that stays, if there is one. */
export function writtenIn<T extends Plain>(
  store: DotStore | undefined,
  { keep, tie }: Required<LwwOptions>,
): Written<T> | undefined {
  const writes = [...stampsOf(store)].map(([node, { payload }]): Write => [node, payload])
  const winner = winnerOf(writes, tie)
  if (winner === undefined) return undefined
  const [, payload] = winner
  const timestamp = timestampIn(payload)
  return {
    value: fromText<T>(String(payload[1])),
    writtenAtMs: keep === 'last' ? timestamp : -timestamp,
    node: authorOf(winner),
  }
}

/** The leaf after a write; undefined where the one that is there stays. */
export function write(
  draft: Draft,
  store: DotStore | undefined,
  replica: Replica,
  value: Plain,
  nowMs: number,
  { keep, tie }: Required<LwwOptions>,
): DotStore | undefined {
  const text = textOf('value', value)
  if (!Number.isSafeInteger(nowMs) || nowMs < 0 || nowMs >= maxTimestamp) {
    throw CrdtError.invalidArgument('nowMs', nowMs, 'a whole number of milliseconds from 0 to 2⁵²')
  }
  const writes = [...stampsOf(store)].map(([node, { payload }]): Write => [node, payload])
  const winner = winnerOf(writes, tie)
  if (winner !== undefined && keep === 'first') return undefined
  const current = winner === undefined ? 0 : timestampIn(winner[1])
  const timestamp = nextTimestamp(keep, nowMs, current)
  if (Math.abs(timestamp) > maxTimestamp) throw CrdtError.noLaterTime()
  draft.replace(store)
  return draft.leaf(replica, [timestamp, text])
}
