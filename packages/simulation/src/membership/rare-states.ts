// States that a set of runs must have come to: where the protocol is hardest, and where a run of the
// usual kind never goes.
import type { Cluster, ClusterEvent } from '@casty/membership'
import type { SimulatedProcess } from '../world/simulated-process.ts'
import type { WriteEvent } from '../world/trace.ts'
import { hostOf } from '../world/addresses.ts'
import { isHello } from '../world/opening.ts'
import type { MembershipRun, MembershipWatcher } from './membership-run.ts'

export const rareStates = [
  'a member is weakly up',
  'the leader is lost while somebody joins',
  'the leader is lost while somebody leaves',
  'the leader stands still',
  'two members take themselves for the leader',
  'both ends dial at once',
  'a tombstone is forgotten while its node is away',
  'an incarnation is raised because the wall clock went back',
  'a restarted process meets its former life',
  'a machine comes back before its loss was noticed',
  'a member learns that it was downed',
  'a removed process still runs',
  'a downed process runs on where nobody reaches it',
  'a member that is exiting crashes',
  'a joiner crashes before it is up',
  'somebody leaves while others are unreachable',
  'a member finds all others unreachable',
  'a member doubts itself',
  'a link is found at fault',
  'two changed the state at once',
  'the first contact joins its own cluster again',
  'all but one are gone',
] as const

type RareState = (typeof rareStates)[number]

export function watchRareStates(run: MembershipRun): MembershipWatcher {
  const reach = (state: RareState): void => run.reach(state)
  const watchers = [
    views(run, reach),
    ends(run, reach),
    identities(run, reach),
    dials(reach),
    removals(run, reach),
  ]
  return {
    started: (process) => watchers.forEach((watcher) => watcher.started?.(process)),
    ended: (process) => watchers.forEach((watcher) => watcher.ended?.(process)),
    changed: (...change) => watchers.forEach((watcher) => watcher.changed?.(...change)),
    wrote: (write) => watchers.forEach((watcher) => watcher.wrote?.(write)),
  }
}

type Reach = (state: RareState) => void

/** What a single view, or two views at one time, hold. */
function views(run: MembershipRun, reach: Reach): MembershipWatcher {
  return {
    started({ program }) {
      program?.subscribe((event: ClusterEvent) => {
        if (event.type === 'link-fault') reach('a link is found at fault')
      })
    },
    changed(process, state) {
      const { members, unreachable, reachability } = state
      const self = process.program?.self.key
      if (self === undefined || members.length === 0) return
      if (members.some(({ status }) => status === 'weakly-up')) reach('a member is weakly up')
      if (members.length > 2 && unreachable.size === members.length - 1) {
        reach('a member finds all others unreachable')
      }
      if (reachability.rows.get(self)?.doubtful === true) {
        reach('a member doubts itself')
      }
      for (const other of run.world.processes) {
        const theirs = run.stateOf(other)
        if (other === process || theirs === undefined || theirs.members.length === 0) continue
        if (theirs.version.isConcurrentWith(state.version)) reach('two changed the state at once')
        const otherSelf = other.program?.self.key
        if (state.leader?.key === self && theirs.leader?.key === otherSelf) {
          reach('two members take themselves for the leader')
        }
      }
    },
  }
}

/** What a process was in the middle of when it ended, or when another did. */
function ends(run: MembershipRun, reach: Reach): MembershipWatcher {
  return {
    ended(process) {
      const { end, program } = process
      const state = run.stateOf(process)
      if (program === undefined || state === undefined || end === undefined) return
      if (end.reason === 'downed') reach('a member learns that it was downed')
      if (end.how !== 'crashed') return
      const self = state.member(program.self)
      if (self?.status === 'exiting') reach('a member that is exiting crashes')
      if (self?.status === 'joining') reach('a joiner crashes before it is up')
      if (run.world.processes.length === 1) reach('all but one are gone')
      if (state.leader?.key !== program.self.key) return
      const statuses = new Set(state.members.map(({ status }) => status))
      if (statuses.has('joining')) reach('the leader is lost while somebody joins')
      if (statuses.has('leaving') || statuses.has('exiting')) {
        reach('the leader is lost while somebody leaves')
      }
    },
    changed({ program }, { members, unreachable, leader }) {
      if (unreachable.size > 0 && members.some(({ status }) => status === 'leaving')) {
        reach('somebody leaves while others are unreachable')
      }
      if (
        leader !== undefined &&
        leader.key !== program?.self.key &&
        run.world.isStopped(hostOf(leader.key))
      ) {
        reach('the leader stands still')
      }
    },
  }
}

/** Lives of one host that meet. */
function identities(run: MembershipRun, reach: Reach): MembershipWatcher {
  const first = new Map<SimulatedProcess<Cluster>, string>()
  return {
    started(process) {
      const { program, host, life, startedAt } = process
      if (program === undefined) return
      first.set(process, program.self.key)
      for (const other of run.world.processes) {
        const former = run
          .stateOf(other)
          ?.members.find(({ address, key }) => address.host === host && key !== program.self.key)
        if (former === undefined || life === 0) continue
        const before = run.world.everStarted.findLast((one) => one.host === host && one !== process)
        const isUnnoticed = run.stateOf(other)?.unreachable.has(former.key) === false
        if (isUnnoticed && startedAt - (before?.end?.at ?? 0) < 4_000) {
          reach('a machine comes back before its loss was noticed')
        }
      }
    },
    changed(process, state, before) {
      const { program, host, life } = process
      if (program === undefined) return
      const { key } = program.self
      if (first.get(process) !== key) {
        reach('an incarnation is raised because the wall clock went back')
      }
      const isIn = state.member(program.self) !== undefined
      const wasIn = before !== undefined && before.member(program.self) !== undefined
      if (host === run.world.hosts[0] && life > 0 && isIn && !wasIn && state.members.length > 1) {
        reach('the first contact joins its own cluster again')
      }
      for (const member of before?.members ?? []) {
        const now = state.member(member.address)
        if (now !== undefined && now.incarnation > member.incarnation) {
          reach('a restarted process meets its former life')
        }
      }
    },
  }
}

/** The hellos under way. */
function dials(reach: Reach): MembershipWatcher {
  const underWay = new Map<string, number>()
  return {
    wrote({ stage, from, to, id, bytes }: WriteEvent) {
      if (!isHello(bytes)) return
      const key = `${from} ${to}`
      if (stage === 'sent') {
        underWay.set(key, id)
        if (underWay.has(`${to} ${from}`)) reach('both ends dial at once')
      } else if (underWay.get(key) === id) underWay.delete(key)
    },
  }
}

/** Those who are out and do not know it, and those whom nobody remembers any more. */
function removals(run: MembershipRun, reach: Reach): MembershipWatcher {
  return {
    changed(_process, state, before) {
      for (const { node, status } of state.members) {
        const runs = run.world.running(node.address.host)?.program?.self.equals(node) === true
        if (runs && status === 'down') reach('a downed process runs on where nobody reaches it')
      }
      for (const { node } of before?.tombstones.values() ?? []) {
        if (!state.tombstones.has(node)) reach('a tombstone is forgotten while its node is away')
      }
      for (const { node } of state.tombstones.values()) {
        const runs = run.world.running(node.address.host)?.program?.self.equals(node) === true
        if (runs && before?.tombstones.has(node) === false) reach('a removed process still runs')
      }
    },
  }
}
