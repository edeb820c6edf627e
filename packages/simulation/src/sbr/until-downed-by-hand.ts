import type { MembershipRun, MembershipWatcher } from '../membership/membership-run.ts'
import { recordOf } from './record.ts'

/**
 * Watchers of what holds as long as nobody downs a living member by hand. From then on sides count
 * differently, and two of them may go on, until they meet.
 */
export function untilDownedByHand(
  run: MembershipRun,
  watchers: readonly MembershipWatcher[],
): readonly MembershipWatcher[] {
  const isOver = (): boolean => recordOf(run).handDownedAt !== undefined
  return watchers.map((watcher) => ({
    started: (process) => void (isOver() || watcher.started?.(process)),
    ended: (process) => void (isOver() || watcher.ended?.(process)),
    changed: (...change) => void (isOver() || watcher.changed?.(...change)),
    healing: () => void (isOver() || watcher.healing?.()),
    finished: () => void (isOver() || watcher.finished?.()),
  }))
}
