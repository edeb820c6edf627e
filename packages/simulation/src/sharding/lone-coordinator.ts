// Whoever gives out shards is heard no more in the midst of that, goes on for a while, and dies: what it decided alone
// must not have taken effect.
import { disturb } from '../faults/network-faults.ts'
import { coordinators, withRunning } from '../hosting/hosting-run.ts'
import { defineAction } from '../run/action.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import { recordOf, typeNames } from './record.ts'
import { entityIds } from './settings.ts'
import type { ShardingAction, ShardingRun } from './sharding-run.ts'
import { leave } from './workload.ts'

/** All entities are talked to so often, in milliseconds. */
const talkEveryMs = 150

export const loneCoordinator: ShardingAction = defineAction({
  type: 'lone-coordinator',
  kind: 'fault',
  weight: 4,
  draw: (random, hosts) => ({
    // Comes or goes, so that shards move.
    host: drawOne(random, hosts),
    after: drawLogarithmic(random, 1, 4) - 1,
    aloneMs: drawInteger(random, 20, 1_500),
    backAfterMs: drawLogarithmic(random, 100, 8_000),
  }),
  perform: (run, { host, after, aloneMs, backAfterMs }) => {
    const { world } = run
    const lay = (left: number): void => {
      recordOf(run).mines.lay({
        message: 'released',
        // Right before it comes: what follows from it is heard by nobody.
        stage: 'sent',
        left,
        spring: (_from, to) => {
          if (gets(run, to)) isolate(run, to, aloneMs, backAfterMs)
          else lay(0)
        },
      })
    }
    lay(after)
    if (world.running(host) === undefined) world.start(host)
    else if (world.processes.length > 2) leave(run, host, backAfterMs)
  },
})

/** Whether it gives out shards, and is about to give one to itself. */
function gets(run: ShardingRun, host: string): boolean {
  const process = run.world.running(host)
  const { program } = process ?? {}
  if (!process || !program || run.world.processes.length < 3) return false
  const self = program.cluster.self.toString()
  return (
    coordinators(run).includes(host) &&
    process.clock.peek(() =>
      typeNames.some((type) => program.shardsOf(type).some(({ movingTo }) => movingTo === self)),
    )
  )
}

function isolate(run: ShardingRun, host: string, aloneMs: number, backAfterMs: number): void {
  const { world } = run
  const links = world.hosts.filter((one) => one !== host).map((to) => ({ from: host, to }))
  disturb(run, links, { type: 'cut', mode: 'silent' }, aloneMs)
  for (let at = 0; at < aloneMs; at += talkEveryMs) run.later(at, () => talkToAll(run, host))
  run.later(aloneMs - 1, () => {
    run.note(host, 'fault', 'crash')
    world.crash(host)
    run.later(backAfterMs, () => world.start(host))
  })
}

/** So that those whose shard has come act. */
function talkToAll(run: ShardingRun, host: string): void {
  const options = { isAsk: true, isRead: false, workMs: 0, timeoutMs: 2_000 }
  withRunning(run, host, (program) => {
    for (const type of typeNames) {
      for (const id of entityIds(run)) void program.send(type, id, options)
    }
  })
}
