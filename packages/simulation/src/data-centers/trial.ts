// One cut between data centers, when all is well: nobody is downed, and inside somebody leaves, and
// another life of that host comes up.
import type { Random } from '@casty/clock'
import type { Cluster } from '@casty/membership'
import type { MembershipRun } from '../membership/membership-run.ts'
import { dataCenterOf, dataCentersIn, hostsIn } from '../membership/places.ts'
import type { HealStage } from '../run/scenario.ts'
import { drawMode } from '../sbr/partition-faults.ts'
import { recordOf } from '../sbr/record.ts'
import { lay } from '../sbr/trials.ts'
import type { LinkFault } from '../world/links.ts'
import type { SimulatedProcess } from '../world/simulated-process.ts'
import { drawInteger, drawOne, forkRandom } from '../world/seeds.ts'
import { linesBetween, linesOf, type Direction } from './lines.ts'

const name = 'a cut between data centers holds up nothing inside'
/** The rest after the cut begins, at most; all exchanges of a leave; and those of a joiner. */
const restMs = 20_000
const leaveWithinMs = 10_000
const joinWithinMs = 15_000
const forLong = 600_000

export function trialOfACut(run: MembershipRun): HealStage {
  const { world } = run
  const random = forkRandom(run.plan.seed, 'cut in peace')
  const subject = drawOne(
    random,
    dataCentersIn(run).filter((one) => hostsIn(run, one).length > 1),
  )
  const mover = drawOne(random, hostsIn(run, subject))
  const fault = drawFault(random)
  const directions: readonly Direction[] = ['both', 'both', 'in', 'out']
  const direction = drawOne(random, directions)
  const everywhere = random() < 0.5
  const quietMs = drawInteger(random, 0, restMs)
  const record = recordOf(run)
  const progress = { rulings: 0, leavesAt: 0, outcome: '', joinsAt: 0 }
  let leaver: SimulatedProcess<Cluster> | undefined
  const leaves = (): void => {
    leaver = world.running(mover)
    progress.leavesAt = world.now
    run.note(mover, 'workload', 'leave(), while its data center is cut off')
    leaver?.program?.leave().then(
      (outcome) => (progress.outcome = outcome),
      (error: unknown) => (progress.outcome = String(error)),
    )
  }
  const lacking = (): string | undefined => {
    if (leaver === undefined) return `${mover} has not left yet`
    const key = leaver.program?.self.key ?? ''
    const fellows = world.processes.filter(
      ({ host }) => host !== mover && dataCenterOf(run, host) === subject,
    )
    if (progress.outcome !== 'left') return `${key} leaves: ${progress.outcome || 'not yet'}`
    const knower = fellows.find(({ program }) =>
      program?.getState().members.some((member) => member.key === key),
    )
    if (knower !== undefined) return `${knower.host} does not let ${key} go`
    const self = world.running(mover)?.program
    if (self?.selfMember?.status === 'up' && self.self.key !== key) return undefined
    return `${mover} joins, and is ${self?.selfMember?.status ?? 'no member'}`
  }
  return {
    name,
    withinMs: restMs + leaveWithinMs + joinWithinMs,
    begin() {
      progress.rulings = record.rulings.length
      progress.leavesAt = world.now + quietMs
      const lines = everywhere ? linesBetween(run) : linesOf(run, subject, direction)
      const where = everywhere ? 'all lines' : `lines of ${subject} (${direction})`
      run.note(mover, 'fault', `${where}: ${JSON.stringify(fault)}, in peace`)
      lay(run, lines, fault, forLong)
    },
    nudge() {
      const told = record.rulings[progress.rulings]
      if (told !== undefined) run.violate(name, `${told.host} says ${told.ruling.reason}`)
      if (leaver === undefined) {
        if (world.now >= progress.leavesAt) leaves()
      } else if (progress.outcome === 'left') world.start(mover)
    },
    isDone() {
      if (lacking() !== undefined) return false
      world.healLinks()
      return true
    },
    explain: () => lacking() ?? '',
  }
}

function drawFault(random: Random): LinkFault {
  return drawOne<() => LinkFault>(random, [
    () => ({ type: 'cut', mode: drawMode(random) }),
    () => ({ type: 'cut', mode: drawMode(random) }),
    () => ({ type: 'drop', probability: 0.5 }),
    () => ({ type: 'black-hole', largestBytes: drawInteger(random, 60, 1_400) }),
  ])()
}
