import type { MembershipRun } from '../membership/membership-run.ts'
import { dataCenterOf } from '../membership/places.ts'
import type { Link } from '../world/links.ts'

/**
 * Every link between a data center and the others.
 *
 * @param direction - of these only what goes out of it, or comes in
 */
export function linesOf(
  run: MembershipRun,
  dataCenter: string,
  direction: Direction = 'both',
): readonly Link[] {
  return linesBetween(run).filter(({ from, to }) => {
    const [isOut, isIn] = [from, to].map((host) => dataCenterOf(run, host) === dataCenter)
    return (isOut === true && direction !== 'in') || (isIn === true && direction !== 'out')
  })
}

export type Direction = 'both' | 'in' | 'out'

/** Every link between any two data centers. */
export function linesBetween(run: MembershipRun): readonly Link[] {
  const { hosts } = run.world
  return hosts.flatMap((from) =>
    hosts
      .filter((to) => dataCenterOf(run, from) !== dataCenterOf(run, to))
      .map((to) => ({ from, to })),
  )
}
