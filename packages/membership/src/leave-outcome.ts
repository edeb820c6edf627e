import { MembershipError } from './errors.ts'
import { blockersOfConvergence } from './leader.ts'
import { viewpoint, type MembershipState } from './membership-state.ts'
import type { Logger } from './options.ts'

/**
 * How leaving ended: `left`, the others have let this node go; `gave-up`, it stopped although they
 * still count it as a member, and will find it unreachable.
 */
export type LeaveOutcome = 'left' | 'gave-up'

/** @param state - of a node that has stopped */
export function leaveOutcomeOf({ cluster, self }: MembershipState): LeaveOutcome {
  return cluster.member(self) === undefined ? 'left' : 'gave-up'
}

/** The others did not let this node go in time: says so, and who kept them from agreeing. */
export function warnOfLeaving(state: MembershipState, does: string, logger: Logger): void {
  const { leaveTimeoutMs } = state.settings
  const blockers = blockersOfConvergence(state.cluster, viewpoint(state))
  logger.warn(
    { leaveTimeoutMs, blockers: blockers.map(({ member, why }) => `${member.key}: ${why}`) },
    `The others have not let this node go within leaveTimeoutMs; it ${does} without their word`,
  )
}

/** Why a node that has stopped cannot do something. */
export function stopErrorOf({ phase, self }: MembershipState, what: string): MembershipError {
  const reason = phase.type === 'stopped' ? phase.reason : 'left'
  switch (reason) {
    case 'downed':
    case 'removed':
      return MembershipError.downed(self.key)
    case 'forbidden':
      return MembershipError.forbidden(self.key)
    case 'left':
      return MembershipError.stopped(self.key, what)
  }
}
