import { equalJson, type Json, type JsonObject } from './json.ts'

/** One thing that a case asserts, and what the packages answer. */
export interface Fact {
  /** Which part of the expectation: `version`, `step 3`; `answer` where there is only one. */
  readonly part: string
  readonly expected: Json
  readonly actual: Json
  /** How far a number may be off. @defaultValue 0 */
  readonly tolerance?: number
}

/** A case as a suite found it in a file. */
export interface VectorCase {
  /** The schema's name without version, such as `gossip`. */
  readonly suite: string
  readonly id: string
  readonly kind: string
  /** The case as it stands in the file. */
  readonly data: JsonObject
  /** Asks the packages. What it throws is a failure of the case. */
  readonly check: () => readonly Fact[] | Promise<readonly Fact[]>
}

/** Finds the cases of a file of one schema. */
export type Suite = (file: JsonObject) => readonly VectorCase[]

/** The one fact of a case with a single answer. */
export function answer(
  expected: Json | undefined,
  actual: Json,
  tolerance?: number,
): readonly Fact[] {
  return [fact('answer', expected ?? null, actual, tolerance)]
}

export function fact(part: string, expected: Json, actual: Json, tolerance?: number): Fact {
  return tolerance === undefined
    ? { part, expected, actual }
    : { part, expected, actual, tolerance }
}

export function holds({ expected, actual, tolerance = 0 }: Fact): boolean {
  if (typeof expected === 'number' && typeof actual === 'number') {
    return expected === actual || Math.abs(expected - actual) <= tolerance
  }
  return equalJson(expected, actual)
}

/** What a case is called; its place in the file where it names itself nothing. */
export function idOf(data: JsonObject, place: string): string {
  const { id } = data
  return typeof id === 'string' && id !== '' ? id : place
}
