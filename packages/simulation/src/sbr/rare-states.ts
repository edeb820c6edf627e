// States that a set of runs must have come to: where a decision is hardest, and where most runs never go.
import type { ClusterState } from '@casty/membership'
import type { MembershipRun, MembershipWatcher } from '../membership/membership-run.ts'
import { isActive } from '../membership/is-active.ts'
import { recordOf, type ToldRuling } from './record.ts'

export const splitBrainRareStates = [
  'a side survives',
  'a side goes down by its own decision',
  'all go down',
  'somebody downs others of its side, and itself last',
  'a tie is decided by the lowest address',
  'the second count changes a decision',
  'members are indirectly connected',
  'a picture does not settle',
  'nobody else has decided',
  'too few are heard of',
  'the lease is granted',
  'the lease is denied',
  'the oldest is on the losing side',
  'somebody joins while it is decided',
  'somebody leaves while it is decided',
  'a split of three leaves nobody',
  'it heals before it is decided',
  'a downed process comes back while the split lasts',
  'two sides that gave each other up meet again',
] as const

type RareState = (typeof splitBrainRareStates)[number]

export function watchSplitBrainRareStates(run: MembershipRun): MembershipWatcher {
  const reach = (state: RareState): void => run.reach(state)
  recordOf(run).onRuling((told) => {
    for (const state of [...statesOfDecision(told), ...statesOfView(told)]) reach(state)
  })
  return {
    started({ program }) {
      program?.subscribe((event) => {
        if (event.type === 'rival-met') reach('two sides that gave each other up meet again')
      })
    },
    changed({ life }, state, before) {
      if (before === undefined) return
      if (hasHealed(before, state)) reach('it heals before it is decided')
      const isBack = life > 0 && before.members.length === 0 && state.members.length > 0
      if (isBack && [...state.unreachable].length > 0) {
        reach('a downed process comes back while the split lasts')
      }
    },
  }
}

function* statesOfDecision({ by, ruling }: ToldRuling): Iterable<RareState> {
  const { decision, cause, down } = ruling
  switch (decision.type) {
    case 'down-unreachable':
      yield 'a side survives'
      break
    case 'down-reachable':
      yield 'a side goes down by its own decision'
      break
    case 'down-all':
      yield 'all go down'
      break
    case 'down-indirectly-connected':
    case 'reverse-down-indirectly-connected':
      yield 'members are indirectly connected'
      break
    case 'stay':
    case 'acquire-lease':
  }
  switch (cause) {
    case 'unstable':
      yield 'a picture does not settle'
      break
    case 'overdue':
      yield 'nobody else has decided'
      break
    case 'unheard':
      yield 'too few are heard of'
      break
    case 'lease-granted':
      yield 'the lease is granted'
      break
    case 'lease-denied':
      yield 'the lease is denied'
      break
    case 'stable':
  }
  if (down.length > 1 && down.at(-1)?.key === by) {
    yield 'somebody downs others of its side, and itself last'
  }
}

function* statesOfView({ ruling }: ToldRuling): Iterable<RareState> {
  const { passes, reason, down, view } = ruling
  if (reason.includes('the lowest address')) yield 'a tie is decided by the lowest address'
  if (passes.length === 2 && passes[0]?.decision !== passes[1]?.decision) {
    yield 'the second count changes a decision'
  }
  const ages = view.members.flatMap(({ upNumber }) => upNumber ?? [])
  const oldest = view.members.find(({ upNumber }) => upNumber === Math.min(...ages))
  if (down.some(({ key }) => key === oldest?.key)) yield 'the oldest is on the losing side'
  const statuses = new Set(view.members.map(({ status }) => status))
  if (statuses.has('joining') || statuses.has('weakly-up'))
    yield 'somebody joins while it is decided'
  if (statuses.has('leaving') || statuses.has('exiting'))
    yield 'somebody leaves while it is decided'
}

/** All who were unreachable are there again, and none of them was given up. */
function hasHealed(before: ClusterState, state: ClusterState): boolean {
  if (before.unreachable.size === 0 || state.unreachable.size > 0) return false
  return before.members
    .filter(({ key }) => before.unreachable.has(key))
    .every(({ node }) => {
      const now = state.member(node)
      return now !== undefined && isActive(now)
    })
}
