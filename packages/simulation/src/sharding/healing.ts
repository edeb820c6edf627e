// What is demanded when nothing goes wrong any more: all are there, every entity answers, shards move without a loss,
// and nothing is left over.
import type { HealStage } from '../run/scenario.ts'
import { allAreThere } from '../membership/one-cluster-again.ts'
import { explainAll } from './explain-all.ts'
import { calm, movesInPeace, movesOverSlowWays } from './moves.ts'
import { finalEventsAreRight } from './final-events.ts'
import { lookAfterShards } from '../hosting/people.ts'
import { outside } from '../hosting/outside-client.ts'
import { recordOf, typeNames, type TypeName } from './record.ts'
import { disksOf, entityIds, shardingSettings } from './settings.ts'
import type { ShardingRun } from './sharding-run.ts'

export function shardingHealing(run: ShardingRun): readonly HealStage[] {
  return [
    allAreThere(run, 'one cluster again'),
    allAnswer(run, 'every entity answers'),
    movesOverSlowWays(run),
    allAreThere(run, 'one cluster after slow moves'),
    allAnswer(run, 'every entity answers after slow moves'),
    movesInPeace(run),
    nothingIsLeft(run),
    finalEventsAreRight(run),
  ]
}

/** Longer than any lease, margin or buffer. */
const answerWithinMs = 40_000

/** Each host reaches every entity. */
function allAnswer(run: ShardingRun, name: string): HealStage {
  const { world } = run
  const left = new Set<string>()
  const asked = new Set<string>()
  const tryOne = async (key: string): Promise<void> => {
    const [host = '', type, id = ''] = key.split(' ')
    const { outsider } = recordOf(run)
    const sender = host === outside ? outsider?.sender : world.running(host)?.program
    if (!sender || asked.has(key)) return
    asked.add(key)
    const isAnswered = await sender.send(type as TypeName, id, calm) // Of `typeNames`, below.
    asked.delete(key)
    if (isAnswered) left.delete(key)
  }
  return {
    name,
    withinMs: answerWithinMs,
    begin() {
      for (const host of [...world.hosts, ...(recordOf(run).outsider ? [outside] : [])]) {
        for (const type of typeNames) {
          for (const id of entityIds(run)) left.add(`${host} ${type} ${id}`)
        }
      }
    },
    nudge() {
      lookAfterShards(run, disksOf(run))
      for (const key of left) void tryOne(key)
    },
    isDone: () => left.size === 0,
    explain: () => `${[...left].slice(0, 5).join(', ')} did not. ${explainAll(run)}`,
  }
}

/** Buffers empty, entities where they belong, no question open, few timers. */
function nothingIsLeft(run: ShardingRun): HealStage {
  const { world } = run
  const leftovers = (): string | undefined => {
    for (const { host, program, clock } of world.processes) {
      if (!program) return `${host} has not started`
      const { pendingAsks } = program.remoting.metrics()
      if (pendingAsks > 0) return `${host} waits for ${pendingAsks} answers`
      for (const type of typeNames) {
        const { waiting, entities, shards } = program.regionOf(type).statistics()
        const owned = program.shardsOf(type)
        const inShards = owned.reduce((sum, shard) => sum + shard.entities, 0)
        if (waiting > 0) return `${host} keeps ${waiting} messages of ${type}`
        if (entities !== inShards) return `${host} keeps ${entities - inShards} former ${type}`
        if (shards !== owned.filter(({ stage }) => stage === 'running').length) {
          return `${host} has shards of ${type} that do not run`
        }
      }
      const most = 60 + 20 * world.hosts.length + 4 * shardingSettings(run.plan).entities
      if (clock.pendingTimers > most) return `${host} has ${clock.pendingTimers} timers`
    }
    return recordOf(run).outsider?.leftover
  }
  return {
    name: 'nothing is left over',
    withinMs: 20_000,
    isDone: () => leftovers() === undefined,
    explain: () => leftovers() ?? '',
  }
}
