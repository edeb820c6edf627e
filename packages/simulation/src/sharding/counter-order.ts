// Whether operations on a counter are linearizable, where it is known of each which number it made or read: without a
// search, however many there are.

/** An addition that made the counter that number, or a read of it. */
export interface CounterPlace {
  readonly uid: string
  readonly number: number
  readonly isRead: boolean
  /** When it was asked, and answered: `Infinity` where it was not. */
  readonly from: number
  readonly to: number
}

/**
 * There is one order only, but for reads of the same number among each other: the addition that made a number, its reads, and
 * the next addition. The history is linearizable if nothing in that order was answered before something ahead of it was asked.
 *
 * @param places - with the additions of all numbers from 1 on, once each
 * @returns what contradicts that, in words
 */
export function outOfOrder(places: readonly CounterPlace[]): string | undefined {
  const total = places.filter(({ isRead }) => !isRead).length
  const inOrder = places.toSorted(
    (left, right) =>
      left.number - right.number ||
      Number(left.isRead) - Number(right.isRead) ||
      left.from - right.from,
  )
  let latest: CounterPlace | undefined
  for (const place of inOrder) {
    if (place.number > total) return `${wordsOf(place)}, and there are ${total} additions`
    if (latest && place.to < latest.from) return `${wordsOf(place)}, before ${wordsOf(latest)}`
    if (!latest || place.from > latest.from) latest = place
  }
  return undefined
}

function wordsOf({ uid, number, isRead, from, to }: CounterPlace): string {
  return `${uid} ${isRead ? 'reads' : 'makes'} ${number} (asked at ${from.toFixed(1)} ms, answered at ${to.toFixed(1)} ms)`
}
