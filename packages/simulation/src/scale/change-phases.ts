// How fast news spread: one member leaves, many join at once, a fifth dies at once.
import type { NodeKey } from '@casty/membership'
import { Arrivals } from './arrivals.ts'
import type { Crowd, Hearing } from './crowd.ts'
import { quantiles, rounded, type Quantiles } from './quantiles.ts'

/** One change, told by one member: that it is leaving. */
export interface ChangeFigures {
  readonly repetitions: number
  /** Until a node knew of it, over all nodes and repetitions. */
  readonly known: Quantiles
  /** Until the leader knew that all knew, and let the member go on. */
  readonly leaderKnows: Quantiles
  /** Until the member was gone everywhere: three changes, one after another. */
  readonly gone: Quantiles
  /** Sent for the three changes beyond what an idle cluster sends, per node and change. */
  readonly bytesPerNodePerChange: number
  readonly writesPerNodePerChange: number
  /** Repetitions that did not end in time. */
  readonly unfinished: number
  /** Leavers whose `leave()` was rejected: they took their removal for a decision against them. */
  readonly rejected: number
}

/** Many nodes that join at once. */
export interface JoinFigures {
  readonly joiners: number
  /** Until a node knew all of them to be up. */
  readonly allUp: Quantiles
  readonly bytesPerNode: number
  readonly unfinished: number
}

/** A fifth of the nodes that dies at once. */
export interface DeathFigures {
  readonly how: 'killed' | 'frozen'
  readonly dead: number
  /** Until a survivor found exactly the dead unreachable. */
  readonly agreed: Quantiles
  /** Survivors that some survivor took for unreachable on the way. */
  readonly falselyAccused: number
  readonly bytesPerNode: number
  readonly unfinished: number
}

const patienceMs = 60_000
/** The frozen are frozen anew for so long, before they would go on. */
const pauseMs = 1_000
/** More than lies between two looks. */
const pauseMarginMs = 200
/** Between two changes, so that each is measured alone. */
const quietMs = 2_000

export async function measureChanges(
  crowd: Crowd,
  repetitions: number,
  idle: { readonly bytesPerSecondPerNode: number; readonly writesPerSecondPerNode: number },
): Promise<ChangeFigures> {
  const known: number[] = []
  const leaderKnows: number[] = []
  const gone: number[] = []
  let [bytes, writes, unfinished, rejected] = [0, 0, 0, 0]
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const before = crowd.traffic
    const times = await oneLeaves(crowd)
    known.push(...times.known)
    leaderKnows.push(...times.leaderKnows)
    gone.push(...times.gone)
    if (!times.finished) unfinished++
    if (times.isRejected) rejected++
    const after = crowd.traffic
    const [nodes, seconds] = [crowd.running.length, (after.at - before.at) / 1_000]
    bytes += (after.bytes - before.bytes) / nodes - idle.bytesPerSecondPerNode * seconds
    writes += (after.writes - before.writes) / nodes - idle.writesPerSecondPerNode * seconds
  }
  const changes = 3 * repetitions
  return {
    repetitions,
    known: quantiles(known),
    leaderKnows: quantiles(leaderKnows),
    gone: quantiles(gone),
    bytesPerNodePerChange: rounded(bytes / changes),
    writesPerNodePerChange: rounded(writes / changes),
    unfinished,
    rejected,
  }
}

interface LeaveTimes {
  readonly known: readonly number[]
  readonly leaderKnows: readonly number[]
  readonly gone: readonly number[]
  readonly finished: boolean
  readonly isRejected: boolean
}

async function oneLeaves(crowd: Crowd): Promise<LeaveTimes> {
  const { leader, world } = crowd
  const [host = ''] = crowd.drawHosts(2).filter((drawn) => drawn !== leader)
  const key = crowd.keyOf(host)
  const others = crowd.running.filter((other) => other !== host)
  const [known, gone, decided] = [1, 2, 3].map(() => new Arrivals(world.now)) as [
    Arrivals,
    Arrivals,
    Arrivals,
  ]
  const hearing: Hearing = (at, event) => {
    if (!('member' in event) || event.member.key !== key) return
    known.note(at, true, world.now)
    if (event.type === 'member-exited') decided.note(at, true, world.now)
    if (event.type === 'member-removed') gone.note(at, true, world.now)
  }
  let isRejected = false
  const finished = await crowd.hearing(hearing, async () => {
    crowd
      .clusterAt(host)
      ?.leave()
      .catch(() => (isRejected = true))
    return await crowd.until(() => gone.haveAll(others), patienceMs)
  })
  await crowd.pass(quietMs)
  return {
    known: known.durationsOf(others),
    leaderKnows: decided.durationsOf(leader === undefined ? [] : [leader]),
    gone: gone.durationsOf(others),
    finished,
    isRejected,
  }
}

export async function measureJoins(crowd: Crowd, count: number): Promise<JoinFigures> {
  const { world } = crowd
  const before = crowd.traffic
  const [seen, up] = [new Map<string, Set<NodeKey>>(), new Arrivals(world.now)]
  const joiners = new Set<string>()
  const hearing: Hearing = (at, event) => {
    if (event.type !== 'member-up' || !joiners.has(event.member.address.host)) return
    const found = seen.get(at) ?? new Set<NodeKey>()
    seen.set(at, found.add(event.member.key))
    if (found.size === joiners.size) up.note(at, true, world.now)
  }
  for (const host of crowd.startMore(count)) joiners.add(host)
  const everybody = crowd.running
  const finished = await crowd.hearing(
    hearing,
    async () => await crowd.until(() => up.haveAll(everybody), patienceMs),
  )
  await crowd.pass(quietMs)
  return {
    joiners: joiners.size,
    allUp: quantiles(up.durationsOf(everybody)),
    bytesPerNode: rounded((crowd.traffic.bytes - before.bytes) / everybody.length),
    unfinished: finished ? 0 : everybody.length - up.durationsOf(everybody).length,
  }
}

/**
 * A share of the nodes dies at once: killed, so that their hosts refuse connections, or silent.
 *
 * @param withinMs - survivors have so long to agree; the frozen stand still until they have, or until then
 */
export async function measureDeaths(
  crowd: Crowd,
  how: DeathFigures['how'],
  share: number,
  withinMs: number = patienceMs,
): Promise<DeathFigures> {
  const { world } = crowd
  const before = crowd.traffic
  const doomed = crowd.drawHosts(Math.round(crowd.running.length * share))
  const dead = new Set(doomed)
  const survivors = crowd.running.filter((host) => !dead.has(host))
  const agreed = new Arrivals(world.now)
  const found = new Map<string, Set<string>>()
  const wrong = new Map<string, Set<string>>()
  const accused = new Set<string>()
  const hearing: Hearing = (at, event) => {
    if (event.type !== 'member-unreachable' && event.type !== 'member-reachable') return
    const { host } = event.member.address
    const [right, other] = [listOf(found, at), listOf(wrong, at)]
    const list = dead.has(host) ? right : other
    if (event.type === 'member-unreachable') list.add(host)
    else list.delete(host)
    if (list === other && event.type === 'member-unreachable') accused.add(host)
    agreed.note(at, right.size === dead.size && other.size === 0, world.now)
  }
  const end = world.now + withinMs
  let frozenUntil = world.now
  const stayFrozen = (): void => {
    if (world.now < frozenUntil - pauseMarginMs) return
    const forMs = Math.min(pauseMs, end - world.now)
    for (const host of doomed) world.pause(host, forMs)
    frozenUntil = world.now + forMs
  }
  const finished = await crowd.hearing(hearing, async () => {
    if (how === 'killed') for (const host of doomed) world.crash(host)
    return await crowd.until(() => {
      if (how === 'frozen' && world.now < end) stayFrozen()
      return agreed.haveAll(survivors)
    }, withinMs)
  })
  const durations = agreed.durationsOf(survivors)
  return {
    how,
    dead: dead.size,
    agreed: quantiles(durations),
    falselyAccused: accused.size,
    bytesPerNode: rounded((crowd.traffic.bytes - before.bytes) / survivors.length),
    unfinished: finished ? 0 : survivors.length - durations.length,
  }
}

function listOf(lists: Map<string, Set<string>>, host: string): Set<string> {
  const list = lists.get(host) ?? new Set<string>()
  lists.set(host, list)
  return list
}
