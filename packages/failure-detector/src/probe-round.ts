import type { Random } from '@casty/clock'
import type { ProbeReport } from './monitor-types.ts'

/** A round of indirect probes of one subject. */
export interface ProbeRound<K extends string> {
  readonly sequence: number
  readonly deadline: number
  /** Per helper whether it reached the subject; `undefined` while it has not answered. */
  readonly asked: ReadonlyMap<K, boolean | undefined>
}

export function withAnswer<K extends string>(
  round: ProbeRound<K>,
  via: K,
  reached: boolean,
): ProbeRound<K> {
  return { ...round, asked: new Map(round.asked).set(via, reached) }
}

/** Whether every helper has answered that it does not reach the subject. */
export function isDenied<K extends string>({ asked }: ProbeRound<K>): boolean {
  return [...asked.values()].every((reached) => reached === false)
}

export function probeReports<K extends string>({
  asked,
}: ProbeRound<K>): readonly ProbeReport<K>[] {
  return [...asked].map(([via, reached]) => ({
    via,
    answer: reached === undefined ? 'waiting' : reached ? 'reached' : 'not-reached',
  }))
}

/** Picks up to `count` at random: those that are fit to help first, others where they do not suffice. */
export function pickHelpers<K extends string>(
  candidates: readonly K[],
  isFit: (helper: K) => boolean,
  count: number,
  random: Random,
): readonly K[] {
  const fit = sample(candidates.filter(isFit), count, random)
  const others = candidates.filter((helper) => !isFit(helper))
  return [...fit, ...sample(others, count - fit.length, random)]
}

/** Up to `count` of `from`, each set of them equally likely. */
function sample<T>(from: readonly T[], count: number, random: Random): readonly T[] {
  const rest = [...from]
  const picked: T[] = []
  while (picked.length < count && rest.length > 0) {
    picked.push(...rest.splice(Math.floor(random() * rest.length), 1))
  }
  return picked
}
