import { addCounts, comparePayloads, nothing, type Payload } from './payload.ts'

/** What hangs on the dots of a leaf. */
export interface LeafShape {
  readonly type: 'leaf'
  /** Whether a payload that came as bytes is one that this type makes. */
  readonly isPayload: (payload: Payload) => boolean
  /** What several concurrent dots say, as one: so that one node can stand in for another. */
  readonly combine: (stamps: readonly (readonly [node: string, payload: Payload])[]) => Payload
}

/** Any keys, all with the same below them. */
export interface BranchShape {
  readonly type: 'branch'
  readonly below: Shape
  readonly isKey: (key: string) => boolean
}

/** A few keys that are known, each with its own below it. */
export interface FieldsShape {
  readonly type: 'fields'
  readonly fields: Readonly<Record<string, Shape>>
}

/**
 * How the store of a type is built. The kernel joins without it; it is what tells bytes that somebody made
 * up from a value.
 */
export type Shape = LeafShape | BranchShape | FieldsShape

/** Dots without anything on them. */
export const dotsOnly: LeafShape = {
  type: 'leaf',
  isPayload: (payload) => payload.length === 0,
  combine: () => nothing,
}

/** @param width - how many totals there are, none of them below zero */
export function totals(width: number): LeafShape {
  return {
    type: 'leaf',
    isPayload: (payload) =>
      payload.length === width && payload.every((total) => typeof total !== 'string' && total >= 0),
    combine: (stamps) =>
      Array.from({ length: width }, (_, place) =>
        stamps
          .map(([, payload]) => countAt(payload, place))
          .reduce((sum, count) => addCounts(sum, count), 0),
      ),
  }
}

/** One of several totals of a counter. */
export function countAt(payload: Payload, place: number): number | bigint {
  const count = payload[place]
  return count === undefined || typeof count === 'string' ? 0 : count
}

/** Whether the parts of a payload are in order, each once: a set of texts has one form. */
export function isAscending(payload: Payload): boolean {
  return payload.every((part, index) => {
    const before = payload[index - 1]
    return before === undefined || comparePayloads([before], [part]) < 0
  })
}
