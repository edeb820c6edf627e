// How many evictions a node takes from each member that tells it of them. Members hand on what they were told, and nobody
// can see who decided it: one that makes evictions up would fill the set otherwise, and leave no room for those of others.

/** Of one teller, at once. */
const perTeller = 64
/** And one more after each of these, in milliseconds. */
const everyMs = 60_000
/** On top of it, whoever tells them, once: what was decided before this node came, or by a member that forbids many at once. */
const spareAtFirst = 1_024

/** What is still taken. Immutable. */
export interface EvictionBudget {
  readonly spare: number
  /** By address, of those of whom less is taken than of others for now: how many, as of when. */
  readonly tellers: ReadonlyMap<string, { readonly left: number; readonly at: number }>
}

export const fullEvictionBudget: EvictionBudget = { spare: spareAtFirst, tellers: new Map() }

/**
 * How many of those that are new here are taken of a teller, and the budget behind it.
 *
 * @param now - in milliseconds, by a monotonic clock
 */
export function spendOnEvictions(
  budget: EvictionBudget,
  teller: string,
  news: number,
  now: number,
): readonly [taken: number, rest: EvictionBudget] {
  const left = leftFor(budget, teller, now)
  const own = Math.min(news, Math.floor(left))
  const spare = Math.min(news - own, budget.spare)
  const others = [...budget.tellers].filter(
    ([other]) => other !== teller && leftFor(budget, other, now) < perTeller,
  )
  const tellers = new Map(others).set(teller, { left: left - own, at: now })
  return [own + spare, { spare: budget.spare - spare, tellers }]
}

function leftFor({ tellers }: EvictionBudget, teller: string, now: number): number {
  const known = tellers.get(teller)
  return known === undefined
    ? perTeller
    : Math.min(perTeller, known.left + (now - known.at) / everyMs)
}
