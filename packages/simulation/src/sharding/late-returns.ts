// What it takes for messages to come back too late: somebody talks on to owners that it gets through to only after long, while
// their shards go to a node that has just come. By then the way to that one has been open for a while, or is about to open.
import { disturb } from '../faults/network-faults.ts'
import { coordinators, withRunning } from '../hosting/hosting-run.ts'
import { defineAction } from '../run/action.ts'
import { drawLogarithmic, drawOne } from '../world/seeds.ts'
import { typeNames, type TypeName } from './record.ts'
import { entityIds, shardingSettings } from './settings.ts'
import type { ShardingAction, ShardingRun } from './sharding-run.ts'
import { leave } from './workload.ts'

/** Whoever goes is looked for so often, in milliseconds. */
const lookEveryMs = 50
/** So long at most: it may be that nobody can leave. */
const lookForMs = 15_000
/** Entities are talked to so often, in milliseconds. */
const talkEveryMs = 90
/** So long it takes until shards go to whoever has come, in milliseconds, beside what the slow ways take. */
const comesWithinMs = 4_000
/** Others need one to come, one to talk and one to own. */
const minNodes = 3

export const lateReturns: ShardingAction = defineAction({
  type: 'late-returns',
  kind: 'fault',
  weight: 10,
  draw: (random, hosts) => ({
    /** Leaves, where it is there, so that it can come. */
    host: drawOne(random, hosts),
    which: random(),
    type: drawOne(random, typeNames),
    /** Of the time for which an old owner is waited for: its answers come right before that is over, or after. */
    lateness: 0.7 + 0.8 * random(),
    backAfterMs: drawLogarithmic(random, 50, 2_000),
  }),
  perform: (run, { host, which, type, lateness, backAfterMs }) => {
    const begin = (): void => talkLate(run, host, which, type, lateness)
    const former = run.world.running(host)
    if (!former) {
      run.world.start(host)
      begin()
    } else if (run.world.processes.length >= minNodes) {
      leave(run, host, backAfterMs)
      whenBack(run, host, former, lookForMs, begin)
    }
  },
})

function whenBack(
  run: ShardingRun,
  host: string,
  former: unknown,
  forMs: number,
  then: () => void,
): void {
  const current = run.world.running(host)
  if (current && current !== former) then()
  else if (forMs > 0) {
    run.later(lookEveryMs, () => whenBack(run, host, former, forMs - lookEveryMs, then))
  }
}

/** One of the others gets through late to all that have had shards so far, and talks to their entities. */
function talkLate(
  run: ShardingRun,
  comer: string,
  which: number,
  type: TypeName,
  lateness: number,
): void {
  const others = run.world.processes.map(({ host }) => host).filter((host) => host !== comer)
  // What whoever gives out shards says comes late as well: then nothing else does.
  const talkers = others.filter((host) => !coordinators(run).includes(host))
  const talker = talkers[Math.floor(which * talkers.length)]
  if (talker === undefined || others.length + 1 < minNodes) return
  const latencyMs = Math.round(2 * shardingSettings(run.plan).fenceTimeoutMs * lateness)
  const forMs = comesWithinMs + 3 * latencyMs
  const links = others.filter((to) => to !== talker).map((to) => ({ from: talker, to }))
  disturb(run, links, { type: 'delay', latencyMs, jitterMs: 0 }, forMs)
  const options = { isAsk: false, isRead: false, workMs: 0, timeoutMs: 3_000 }
  for (let afterMs = 0; afterMs < forMs; afterMs += talkEveryMs) {
    run.later(afterMs, () => {
      withRunning(run, talker, (program) => {
        for (const id of entityIds(run)) void program.send(type, id, options)
      })
    })
  }
}
