// What looks at a run while it goes, and at what all nodes have when it is over.
import { supervising } from '../membership/supervisor.ts'
import { outside } from '../hosting/outside-client.ts'
import type { Knower } from './knowledge.ts'
import { recordOf } from './record.ts'
import type { ReplicatorRun, ReplicatorWatcher } from './replicator-run.ts'
import { sharedValues, type SharedValue } from './shared-values.ts'

/** Whoever the cluster decided against is started again after a while, as a supervisor would. */
export function supervisor(run: ReplicatorRun): ReplicatorWatcher {
  const { ended, finished } = supervising(run)
  const record = recordOf(run)
  return {
    ended(process) {
      record.disks.ended(process.host)
      record.knowledge.sweep()
      ended(process)
    },
    finished,
  }
}

/** What somebody knows, and nobody took out, is everywhere in the end; and listeners were told of it. */
export function allIsKnown(run: ReplicatorRun): ReplicatorWatcher {
  const { knowledge } = recordOf(run)
  return {
    finished() {
      for (const process of run.world.processes) {
        const { program, host } = process
        if (!program) continue
        const { gaps, statesSent } = program.replicator.metrics()
        if (gaps > 0) recordOf(run).reach('a delta leaves a gap')
        if (statesSent > 0) recordOf(run).reach('digests bring what was missing')
        for (const value of sharedValues) {
          const here = value.elementsAt(program.replicator)
          const missing = knowledge.lasting(value).find((element) => !here.has(element))
          if (missing !== undefined) {
            const text = `${process} has ${value.name} without ${missing}, which was put in`
            run.violate('nothing is lost', text, host)
          }
          listenersKnow(run, process, value, program.told, here)
        }
      }
      clientKnows(run)
    },
  }
}

/** Whoever is outside as well. */
function clientKnows(run: ReplicatorRun): void {
  const { outsider, knowledge, refusals } = recordOf(run)
  for (const change of refusals.untold(knowledge)) {
    run.violate('what is undone is told', `${outside} was not told that ${change} is`, outside)
  }
  const { replicator, told } = outsider ?? {}
  if (!replicator || !told) return
  for (const value of sharedValues) {
    const here = value.elementsAt(replicator)
    const missing = knowledge.lasting(value).find((element) => !here.has(element))
    if (missing !== undefined) {
      const text = `${outside} has ${value.name} without ${missing}, which was put in`
      run.violate('nothing is lost', text, outside)
    }
    listenersKnow(run, { host: outside, toString: () => outside }, value, told, here)
  }
}

function listenersKnow(
  run: ReplicatorRun,
  who: Pick<Knower, 'host' | 'toString'>,
  { name }: SharedValue,
  all: ReadonlyMap<string, ReadonlySet<string>>,
  here: ReadonlySet<string>,
): void {
  const told = all.get(name) ?? new Set()
  if (told.size === here.size && [...told].every((element) => here.has(element))) return
  const text = `${who.toString()} has another ${name} than its listeners were told last`
  run.violate('listeners know the last value', text, who.host)
}
