// States of data centers that a set of runs must have come to.
import { envoysOf, type Cluster, type ClusterState, type Member } from '@casty/membership'
import { isActive } from '../membership/is-active.ts'
import type { MembershipRun, MembershipWatcher } from '../membership/membership-run.ts'
import { dataCenterOf } from '../membership/places.ts'
import { recordOf } from '../sbr/record.ts'
import type { SimulatedProcess } from '../world/simulated-process.ts'

export const dataCenterRareStates = [
  'an envoy is lost, and another takes over',
  'a lost envoy is replaced while lines are cut',
  'another data center is out of reach as a whole',
  'a data center is lost as a whole, and comes back',
  'a data center is split inside while the others are out of reach',
  'a data center decides against some of its own while another is out of reach',
  'two data centers decide against some of their own at once',
  'somebody comes up while another data center is out of reach',
  'somebody is let go while another data center is out of reach',
  'a new data center joins while others are out of reach',
  'a data center is without members that are up',
  'a data center gets its first number again',
  'one data center removes the members of another that is lost',
  'one reaches a data center that another one does not',
] as const

type RareState = (typeof dataCenterRareStates)[number]

/** Rulings of two data centers so close to each other are made without knowledge of one another. */
const atOnceMs = 1_000

export function watchDataCenterRareStates(run: MembershipRun): MembershipWatcher {
  const reach = (state: RareState): void => run.reach(state)
  const { rulings } = recordOf(run)
  recordOf(run).onRuling(({ host, at, ruling }) => {
    const { dataCenter } = ruling.view
    const state = run.world.running(host)?.program?.getState()
    if (state !== undefined && lostIn(state, dataCenterOf(run, host)).length > 0) {
      reach('a data center decides against some of its own while another is out of reach')
    }
    const isAtOnce = rulings.some(
      (other) => other.ruling.view.dataCenter !== dataCenter && at - other.at < atOnceMs,
    )
    if (isAtOnce) {
      reach('two data centers decide against some of their own at once')
    }
  })
  const lost = new Set<string>()
  return {
    changed(process, state, before) {
      if (before === undefined || state.members.length === 0) return
      const own = dataCenterOf(run, process.host)
      for (const one of [
        ...envoyStates(state, before, own),
        ...reachStates(state, before, own),
        ...lifeStates(state, before, own),
      ]) {
        reach(one)
      }
      if (isSeenElsewhere(run, process, state)) {
        reach('one reaches a data center that another one does not')
      }
      for (const name of state.dataCenters.keys()) {
        const hosts = run.world.hosts.filter((host) => dataCenterOf(run, host) === name)
        if (hosts.every((host) => run.world.running(host) === undefined)) lost.add(name)
        const isBack = membersOf(state, name).some(({ status }) => status === 'up')
        const isRunning = hosts.some((host) => run.world.running(host) !== undefined)
        if (lost.has(name) && isBack && isRunning && lostIn(state, own).length === 0) {
          reach('a data center is lost as a whole, and comes back')
        }
      }
    },
  }
}

function membersOf({ members }: ClusterState, name: string): readonly Member[] {
  return members.filter(({ dataCenter }) => dataCenter === name)
}

/** Data centers of which nobody who is counted is in reach. */
function lostIn(state: ClusterState, own: string): readonly string[] {
  return [...state.dataCenters.keys()].filter((name) => {
    const active = membersOf(state, name).filter(isActive)
    return (
      name !== own && active.length > 0 && active.every(({ key }) => state.unreachable.has(key))
    )
  })
}

function* envoyStates(state: ClusterState, before: ClusterState, own: string): Iterable<RareState> {
  for (const name of state.dataCenters.keys()) {
    if (!before.dataCenters.has(name)) continue
    const [now, then] = [state, before].map((one) => envoysOf(one, name).map(({ key }) => key))
    const isNew = now?.some((key) => then?.includes(key) === false && before.membersByKey.has(key))
    const isGone = then?.some((key) => now?.includes(key) === false)
    if (isNew !== true || isGone !== true) continue
    yield 'an envoy is lost, and another takes over'
    if (lostIn(state, own).length > 0) yield 'a lost envoy is replaced while lines are cut'
  }
}

function* reachStates(state: ClusterState, before: ClusterState, own: string): Iterable<RareState> {
  const lost = lostIn(state, own)
  if (lost.length === 0) return
  yield 'another data center is out of reach as a whole'
  const mine = membersOf(state, own)
  if (mine.some(({ key }) => state.unreachable.has(key))) {
    yield 'a data center is split inside while the others are out of reach'
  }
  const isNewlyUp = mine.some(
    ({ node, status }) => status === 'up' && before.member(node)?.status !== 'up',
  )
  if (isNewlyUp && before.members.length > 0) {
    yield 'somebody comes up while another data center is out of reach'
  }
  const isLetGo = mine.some(
    ({ node, status }) => status === 'exiting' && before.member(node)?.status === 'leaving',
  )
  if (isLetGo) yield 'somebody is let go while another data center is out of reach'
}

function* lifeStates(state: ClusterState, before: ClusterState, own: string): Iterable<RareState> {
  for (const name of state.dataCenters.keys()) {
    const members = membersOf(state, name)
    const hasUp = members.some(({ status }) => status === 'up' || status === 'leaving')
    if (!hasUp && before.members.length > 0) yield 'a data center is without members that are up'
    const isJoining = members.some(({ status }) => status === 'joining' || status === 'weakly-up')
    const isCut = lostIn(state, own).some((other) => other !== name)
    if (!hasUp && isJoining && isCut) {
      yield 'a new data center joins while others are out of reach'
    }
    const hadNone = membersOf(before, name).every(({ upNumber }) => upNumber === undefined)
    const isFirst = members.some(({ status, upNumber }) => status === 'up' && upNumber === 1)
    if (isFirst && hadNone && before.dataCenters.has(name) && before.tombstones.size > 0) {
      yield 'a data center gets its first number again'
    }
  }
  const isAbandoned = [...before.dataCenters.keys()].some(
    (name) => name !== own && before.dataCenters.has(name) && !state.dataCenters.has(name),
  )
  if (isAbandoned) yield 'one data center removes the members of another that is lost'
}

/** In the eyes of a third one, where each is of a data center of its own. */
function isSeenElsewhere(
  run: MembershipRun,
  { host }: SimulatedProcess<Cluster>,
  state: ClusterState,
): boolean {
  const own = dataCenterOf(run, host)
  const lost = lostIn(state, own)
  return (
    lost.length > 0 &&
    run.world.processes.some((other) => {
      const theirs = run.stateOf(other)
      const at = dataCenterOf(run, other.host)
      return (
        at !== own &&
        theirs !== undefined &&
        theirs.dataCenters.size > 2 &&
        lost.some((name) => name !== at && !lostIn(theirs, at).includes(name))
      )
    })
  )
}
