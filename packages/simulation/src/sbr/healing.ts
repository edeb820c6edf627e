// What is demanded once the faults are over: whoever is left is one cluster, and all are in it again.
import type { MembershipRun } from '../membership/membership-run.ts'
import { describeState } from '../membership/describe.ts'
import type { HealStage } from '../run/scenario.ts'
import { feud } from './one-side-survives.ts'

/** Row 34 of the fault matrix: one cluster again, also where two sides gave each other up. */
const oneClusterWithinMs = 60_000

export function oneClusterAgain(
  run: MembershipRun,
  withinMs: number = oneClusterWithinMs,
): HealStage {
  const { world } = run
  return {
    name: 'one cluster again',
    withinMs,
    nudge() {
      for (const host of world.hosts) world.start(host)
    },
    isDone: () => lacking(run) === undefined,
    explain: () => lacking(run) ?? '',
  }
}

/** What is missing until all hosts are up and agree. */
export function lacking(run: MembershipRun): string | undefined {
  const pair = feud(run)
  if (pair !== undefined) return `${pair.join(' and ')} have given each other up`
  const [first] = run.world.processes
  const expected = first?.program?.getState()
  if (expected === undefined) return 'nobody runs'
  for (const host of run.world.hosts) {
    const program = run.world.running(host)?.program
    const state = program?.getState()
    if (program?.selfMember?.status !== 'up' || state === undefined) {
      const { summary = '' } = program?.explain() ?? {}
      return `${host} is ${program?.selfMember?.status ?? 'no member'}. ${summary}`
    }
    if (!state.isConverged) return `${host}: ${describeState(state)}. ${program.explain().summary}`
    if (
      !state.version.equals(expected.version) ||
      describeState(state) !== describeState(expected)
    ) {
      return `${first?.host ?? ''} has ${describeState(expected)}, ${host} ${describeState(state)}`
    }
    if (state.members.some(({ status }) => status !== 'up')) return describeState(state)
  }
  return undefined
}
