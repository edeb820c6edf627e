import { seededRandom, type Random } from '@casty/clock'

/**
 * A stream of draws of its own for each purpose, all from one seed: a draw more in one of them
 * shifts no other, so a change of the code under test disturbs a run as little as can be.
 *
 * @param label - names the purpose: `network`, `node b, life 2`
 */
export function forkRandom(seed: number, label: string): Random {
  let hash = Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b)
  for (let index = 0; index < label.length; index++) {
    hash = Math.imul(hash ^ label.charCodeAt(index), 0x0100_0193)
  }
  const random = seededRandom(hash)
  random() // The first draws of neighbouring seeds are alike.
  return random
}

/** A whole number from `least` to `most`, both included. */
export function drawInteger(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1))
}

/** Between `least` and `most`, small values as likely as large ones by order of magnitude. */
export function drawLogarithmic(random: Random, least: number, most: number): number {
  return Math.round(least * (most / least) ** random())
}

/** @throws RangeError for an empty list */
export function drawOne<T>(random: Random, values: readonly T[]): T {
  const value = values[Math.floor(random() * values.length)]
  if (value === undefined) throw new RangeError('There is nothing to draw from')
  return value
}

/** Some of them in drawn order, without repetition. */
export function drawSome<T>(random: Random, values: readonly T[], count: number): readonly T[] {
  const left = [...values]
  const drawn: T[] = []
  while (drawn.length < count && left.length > 0) {
    drawn.push(...left.splice(Math.floor(random() * left.length), 1))
  }
  return drawn
}
