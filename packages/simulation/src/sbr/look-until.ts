import type { MembershipRun } from '../membership/membership-run.ts'

/**
 * For faults that wait for their moment: looks every so often, while the chaos lasts, until it has come.
 *
 * @param givesUpAt - by the time of the world, as `everyMs` in milliseconds
 * @param isOver - whether it has come; does what is to be done then
 */
export function lookUntil(
  run: MembershipRun,
  givesUpAt: number,
  everyMs: number,
  isOver: () => boolean,
): void {
  const look = (): void => {
    if (run.isHealing || run.isOver || run.world.now > givesUpAt || isOver()) return
    run.world.clock.schedule(everyMs, look)
  }
  look()
}
