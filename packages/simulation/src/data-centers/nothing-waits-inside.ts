// What is cut between data centers holds up nothing inside: where one is whole and nothing disturbs it,
// whoever joins there comes up, and whoever leaves gets out, within a bound, however its lines are.
import type { Cluster, ClusterState, Member } from '@casty/membership'
import { isActive } from '../membership/is-active.ts'
import type { MembershipRun, MembershipWatcher } from '../membership/membership-run.ts'
import { dataCenterOf, dataCentersIn, hostsIn } from '../membership/places.ts'
import type { SimulatedProcess } from '../world/simulated-process.ts'

/** To ask contacts that do not answer first, and rounds of gossip: see how long it takes in a cut. */
const joinWithinMs = 15_000
/** With the longest handover of a workload, and all that `leave` waits for. */
const leaveWithinMs = 20_000
const lookEveryMs = 500

export function nothingWaitsInside(run: MembershipRun): MembershipWatcher {
  const { world } = run
  const calmSince = new Map<string, number>()
  /** Since when each process has been on its way in, or out. */
  const movesSince = new Map<SimulatedProcess<Cluster>, { readonly move: Move; at: number }>()
  let isLooking = false
  const look = (): void => {
    if (run.isOver) return
    for (const name of dataCentersIn(run)) {
      if (!isCalm(run, name, world.now - lookEveryMs)) calmSince.set(name, world.now)
    }
    for (const process of world.processes) {
      const move = moveOf(process)
      const known = movesSince.get(process)
      if (move === undefined) movesSince.delete(process)
      else if (known?.move !== move) movesSince.set(process, { move, at: world.now })
      else judge(process, known)
    }
    world.clock.schedule(lookEveryMs, look)
  }
  const judge = (
    { host, program }: SimulatedProcess<Cluster>,
    { move, at }: { readonly move: Move; readonly at: number },
  ): void => {
    const name = dataCenterOf(run, host)
    const forMs = world.now - Math.max(at, calmSince.get(name) ?? world.now)
    if (forMs <= (move === 'joins' ? joinWithinMs : leaveWithinMs)) return
    const status = program?.selfMember?.status ?? 'no member'
    const text = `${host} ${move}, and is ${status} after ${Math.round(forMs)} ms of calm in ${name}`
    run.violate('nothing waits inside', `${text}. ${program?.explain().summary ?? ''}`, host)
  }
  return {
    started() {
      if (isLooking) return
      isLooking = true
      look()
    },
    ended: ({ host }) => void calmSince.set(dataCenterOf(run, host), world.now),
  }
}

type Move = 'joins' | 'leaves'

function moveOf({ program }: SimulatedProcess<Cluster>): Move | undefined {
  if (program === undefined) return undefined
  switch (program.selfMember?.status) {
    case undefined:
    case 'joining':
    case 'weakly-up':
      return 'joins'
    case 'leaving':
    case 'exiting':
      return 'leaves'
    case 'up':
    case 'down':
    case 'removed':
      return undefined
  }
}

/**
 * All links inside are good and everybody there runs; somebody is established; and every member there
 * knows of all who run there, and of nobody else, and finds none of them unreachable.
 */
function isCalm(run: MembershipRun, name: string, since: number): boolean {
  const { disturbances, now } = run.world
  const hosts = hostsIn(run, name)
  const isDisturbed = hosts.some(
    (host, index) =>
      disturbances.stoppedMs(host, since, now) > 0 ||
      hosts.slice(index + 1).some((other) => disturbances.wasLinkBad(host, other, since)),
  )
  if (isDisturbed) return false
  const processes = hosts.flatMap((host) => run.world.running(host) ?? [])
  const running = new Set(processes.flatMap(({ program }) => program?.self.key ?? []))
  const views = processes.flatMap(({ program }) => {
    const view = program?.getState()
    return view === undefined || view.members.length === 0 ? [] : [view]
  })
  return views.length > 0 && views.every((view) => isWhole(view, name, running))
}

function isWhole(view: ClusterState, name: string, running: ReadonlySet<string>): boolean {
  const members = view.members.filter(({ dataCenter }) => dataCenter === name)
  const isThere = (member: Member): boolean =>
    running.has(member.key) &&
    !view.unreachable.has(member.key) &&
    (isActive(member) || member.status === 'exiting')
  const hasAccusers = members.some(
    ({ key }) =>
      view.reachability.rows.get(key)?.doubtful === true ||
      members.some(({ key: one }) => view.reachability.statusBetween(one, key) !== 'reachable'),
  )
  return members.some(({ status }) => status === 'up') && members.every(isThere) && !hasAccusers
}
