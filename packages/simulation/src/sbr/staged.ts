// Faults of several steps, which need a whole cluster to begin with, and to be left alone by each other.
import type { MembershipRun } from '../membership/membership-run.ts'
import { lacking } from './healing.ts'
import { lookUntil } from './look-until.ts'

/** Where the cluster is not whole by then, nothing is done to it. */
const wholeWithinMs = 25_000
const lookEveryMs = 100

/** Until when each run is taken. */
const takenUntil = new WeakMap<MembershipRun, number>()

/**
 * Starts whoever does not run, and begins once all hosts are up and agree; or not at all, where that takes too
 * long.
 *
 * @param lastsMs - for so long no other one begins
 */
export function stage(run: MembershipRun, lastsMs: number, begin: () => void): void {
  const { world } = run
  const isFree = (): boolean => world.now >= (takenUntil.get(run) ?? 0)
  let isStarted = false
  lookUntil(run, world.now + wholeWithinMs, lookEveryMs, () => {
    if (!isFree()) return false
    if (!isStarted) for (const host of world.hosts) world.start(host)
    isStarted = true
    if (lacking(run) !== undefined) return false
    takenUntil.set(run, world.now + lastsMs)
    begin()
    return true
  })
}

/** It is over before its time. */
export function leaveStage(run: MembershipRun): void {
  takenUntil.set(run, run.world.now)
}
