// Where on the page an event stands. Time runs downwards, but not evenly: what happens within
// milliseconds of each other is drawn apart, the seconds in which nothing happens are squeezed, and
// text gets the room it needs. Events of one instant stand in the order of the trace.
import type { Moment } from './messages.ts'

/** An event that has a place of its own; others lie between. */
export interface Knot extends Moment {
  /** The lane whose text stands here; all of them, if undefined. */
  readonly lane: number | undefined
  /** Room for text above and below, in pixels. */
  readonly above: number
  readonly below: number
}

/** What lies between two neighbouring knots. */
export interface Stretch {
  readonly fromMs: number
  readonly untilMs: number
  readonly top: number
  readonly bottom: number
  readonly isSqueezed: boolean
}

interface Place extends Moment {
  readonly y: number
}

const pixelsPerMs = 3
/** Longer stretches are squeezed. */
const evenMs = 8
const pixelsPerDoubling = 5

export class TimeAxis {
  readonly stretches: readonly Stretch[]
  readonly height: number
  readonly #places: readonly Place[]

  /** @param knots - at least one */
  constructor(knots: readonly Knot[], laneCount: number) {
    this.#places = placed(
      knots.toSorted((left, right) => left.index - right.index || left.at - right.at),
      laneCount,
    )
    const last = this.#places.at(-1)
    this.height = (last?.y ?? 0) + (last === undefined ? 0 : roomBelow(knots, last))
    this.stretches = this.#places.slice(1).map((place, at) => {
      const before = this.#places[at] ?? place
      return {
        fromMs: before.at,
        untilMs: place.at,
        top: before.y,
        bottom: place.y,
        isSqueezed: place.at - before.at > evenMs,
      }
    })
  }

  yOf({ index, at }: Moment): number {
    return this.#between(
      this.#countUntil((place) => place.index <= index),
      at,
    )
  }

  /** The place of an instant at which nothing was noted. */
  yAt(at: number): number {
    return this.#between(
      this.#countUntil((place) => place.at <= at),
      at,
    )
  }

  /** Which stretch an event lies in: 0 is above the first knot. */
  stretchOf({ index }: Moment): number {
    return this.#countUntil((place) => place.index <= index)
  }

  #between(count: number, at: number): number {
    const [before, after] = [this.#places[count - 1], this.#places[count]]
    if (before === undefined) return after?.y ?? 0
    if (after === undefined || after.at <= before.at) return before.y
    const share = Math.min(1, Math.max(0, (at - before.at) / (after.at - before.at)))
    return before.y + share * (after.y - before.y)
  }

  /** How many places, from the top, are such. */
  #countUntil(isSuch: (place: Place) => boolean): number {
    let [low, high] = [0, this.#places.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const place = this.#places[middle]
      if (place !== undefined && isSuch(place)) low = middle + 1
      else high = middle
    }
    return low
  }
}

function placed(knots: readonly Knot[], laneCount: number): readonly Place[] {
  const places: Place[] = []
  const bottoms = Array.from({ length: laneCount }, () => 0)
  for (const group of together(knots)) {
    const texts = group
      .filter(({ above, below }) => above + below > 0)
      .flatMap((knot) => lanesOf(knot, laneCount).map((lane) => ({ ...knot, lane })))
    const free = texts.map(({ lane, above }) => (bottoms[lane] ?? 0) + above)
    const [{ index, at }] = group
    const before = places.at(-1)
    const due = before === undefined ? 0 : before.y + distance(at - before.at)
    const y = Math.max(due, ...free)
    places.push({ index, at, y })
    for (const { lane, below } of texts) bottoms[lane] = Math.max(bottoms[lane] ?? 0, y + below)
  }
  return places
}

type Group = readonly [Knot, ...Knot[]]

/** Knots of one event have one place. */
function together(knots: readonly Knot[]): readonly Group[] {
  const groups = new Map<string, [Knot, ...Knot[]]>()
  for (const knot of knots) {
    const key = `${knot.index} ${knot.at}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [knot])
    else group.push(knot)
  }
  return [...groups.values()]
}

function lanesOf({ lane }: Knot, laneCount: number): readonly number[] {
  return lane === undefined ? Array.from({ length: laneCount }, (_, one) => one) : [lane]
}

function distance(ms: number): number {
  if (ms <= evenMs) return Math.max(2, ms * pixelsPerMs)
  return evenMs * pixelsPerMs + pixelsPerDoubling * Math.log2(ms / evenMs)
}

function roomBelow(knots: readonly Knot[], { index }: Moment): number {
  return Math.max(...knots.filter((knot) => knot.index === index).map(({ below }) => below))
}
