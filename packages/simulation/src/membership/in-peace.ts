// What is demanded when nothing disturbs: then what takes its time under faults is done at once.
import type { Cluster } from '@casty/membership'
import type { HealStage } from '../run/scenario.ts'
import type { SimulatedProcess } from '../world/simulated-process.ts'
import { drawOne, forkRandom } from '../world/seeds.ts'
import type { MembershipRun } from './membership-run.ts'
import { nothingHappens } from './nothing-happens.ts'
import { settingsOf } from './settings.ts'

/** A point of doubt goes with every second; there are eight at most. */
const doubtWithinMs = 10_000
/** The longest pause between two attempts to dial, with room. */
const calmMs = 6_000
/** All exchanges of a leave, a round of gossip each, with room. */
const leaveWithinMs = 8_000
/** A host whose process was killed refuses connections: nobody waits for silence. */
const noticeWithinMs = 3_000

export function peaceStages(run: MembershipRun): readonly HealStage[] {
  return [peaceComes(run), nothingHappens(run), somebodyLeaves(run), somebodyDies(run)]
}

/**
 * Whoever stood still goes on to doubt itself for a while, and its word does not count; whoever lost a
 * connection dials again after a while, and takes back what it said of whom it did not hear.
 */
function peaceComes(run: MembershipRun): HealStage {
  let since = 0
  const unsettled = (): readonly string[] =>
    run.world.processes.flatMap(({ program }) => {
      const { reachability } = program?.getState() ?? {}
      return [...(reachability?.rows ?? [])].flatMap(([observer, { doubtful }]) => [
        ...(doubtful ? [`${observer} doubts itself`] : []),
        ...(reachability?.unreachableFrom(observer) ?? []).map(
          (subject) => `${observer} accuses ${subject}`,
        ),
      ])
    })
  return {
    name: 'doubts and accusations pass',
    withinMs: doubtWithinMs,
    begin() {
      since = run.world.now
    },
    isDone: () => run.world.now - since >= calmMs && unsettled().length === 0,
    explain: () => [...new Set(unsettled())].join(', '),
  }
}

/** Somebody leaves, and is let go, rather than giving up and being found dead. */
function somebodyLeaves(run: MembershipRun): HealStage {
  let leaver: SimulatedProcess<Cluster> | undefined
  let outcome = ''
  const key = (): string => leaver?.program?.self.key ?? ''
  return {
    name: 'a leave in peace is carried through',
    withinMs: leaveWithinMs,
    begin() {
      const all = run.world.processes
      if (all.length <= settingsOf(run).minMembers) return
      leaver = drawOne(forkRandom(run.plan.seed, 'who leaves in peace'), all)
      run.note(leaver.host, 'workload', 'leave(), in peace')
      leaver.program?.leave().then(
        (left) => (outcome = left),
        (error: unknown) => (outcome = String(error)),
      )
    },
    isDone: () =>
      leaver === undefined ||
      (outcome === 'left' && viewsWithout(run, leaver).every((keys) => !keys.includes(key()))),
    explain: () => `${key()} leaves: ${outcome || 'not yet'}`,
  }
}

/** A process is killed while its host lives on: all others find it unreachable. */
function somebodyDies(run: MembershipRun): HealStage {
  let dead: SimulatedProcess<Cluster> | undefined
  const unaware = (): readonly string[] =>
    run.world.processes
      .filter(({ program }) => {
        const state = program?.getState()
        const self = dead?.program?.self
        // A downing provider may have it removed already.
        const member = self && state?.member(self)
        return member !== undefined && state?.unreachable.has(member.key) === false
      })
      .map(({ host }) => host)
  return {
    name: 'a crash in peace is noticed at once',
    withinMs: noticeWithinMs,
    begin() {
      const all = run.world.processes
      if (all.length < 2) return
      dead = drawOne(forkRandom(run.plan.seed, 'who dies in peace'), all)
      run.note(dead.host, 'fault', 'crash, in peace')
      run.world.crash(dead.host)
    },
    isDone: () => unaware().length === 0,
    explain: () => `${unaware().join(', ')} find ${dead?.program?.self.key ?? ''} reachable`,
  }
}

function viewsWithout(
  run: MembershipRun,
  left: SimulatedProcess<Cluster>,
): readonly (readonly string[])[] {
  return run.world.processes
    .filter((process) => process !== left)
    .map(({ program }) => program?.getState().members.map(({ key }) => key) ?? [])
}
