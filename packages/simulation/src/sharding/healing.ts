// What is demanded when nothing goes wrong any more: all are there, every entity answers, shards move without a loss,
// and nothing is left over.
import type { HealStage } from '../run/scenario.ts'
import { describeState } from '../membership/describe.ts'
import { forkRandom, drawOne } from '../world/seeds.ts'
import type { Added } from './entities.ts'
import { keyOf, recordOf, type TypeName } from './record.ts'
import { clocksAreOff, entityIds, shardingSettings } from './settings.ts'
import type { ShardingRun } from './sharding-run.ts'

const typeNames: readonly TypeName[] = ['ledger', 'tally']

export function shardingHealing(run: ShardingRun): readonly HealStage[] {
  return [
    allAreThere(run),
    allAnswer(run),
    movesLoseNothing(run),
    nothingIsLeft(run),
    allIsWritten(run),
  ]
}

function allAreThere(run: ShardingRun): HealStage {
  const { world } = run
  const lacking = (): string | undefined => {
    for (const host of world.hosts) {
      const cluster = world.running(host)?.program?.cluster
      const state = cluster?.getState()
      if (!cluster || !state) return `nothing runs on ${host}`
      const isWhole =
        cluster.selfMember?.status === 'up' &&
        state.isConverged &&
        state.unreachable.size === 0 &&
        state.members.length === world.hosts.length &&
        state.members.every(({ status }) => status === 'up')
      if (!isWhole) return `${host}: ${describeState(state)}. ${cluster.explain().summary}`
    }
    return undefined
  }
  return {
    name: 'one cluster again',
    withinMs: 90_000,
    nudge() {
      for (const host of world.hosts) world.start(host)
    },
    isDone: () => lacking() === undefined,
    explain: () => lacking() ?? '',
  }
}

/** Longer than any lease, margin or buffer. */
const answerWithinMs = 40_000

/** Each host reaches every entity. */
function allAnswer(run: ShardingRun): HealStage {
  const { world } = run
  const left = new Set<string>()
  const asked = new Set<string>()
  const tryOne = async (key: string): Promise<void> => {
    const [host = '', type, id = ''] = key.split(' ')
    const program = world.running(host)?.program
    if (!program || asked.has(key)) return
    asked.add(key)
    const isAnswered = await program.send(type as TypeName, id, calm) // Of `typeNames`, below.
    asked.delete(key)
    if (isAnswered) left.delete(key)
  }
  return {
    name: 'every entity answers',
    withinMs: answerWithinMs,
    begin() {
      for (const host of world.hosts) {
        for (const type of typeNames) {
          for (const id of entityIds(run)) left.add(`${host} ${type} ${id}`)
        }
      }
    },
    nudge() {
      for (const key of left) void tryOne(key)
    },
    isDone: () => left.size === 0,
    explain: () => `${[...left].slice(0, 5).join(', ')} did not. ${explainAll(run)}`,
  }
}

const calm = { isAsk: true, isRead: false, workMs: 0, timeoutMs: 2_000 } as const

/** Somebody leaves, and comes back, while all talk: in peace, nothing is dropped, and nobody waits in vain. */
function movesLoseNothing(run: ShardingRun): HealStage {
  const { world } = run
  const random = forkRandom(run.plan.seed, 'who leaves in peace')
  let stage: 'leaving' | 'away' | 'back' = 'leaving'
  let leaver = ''
  let beganAt = world.now
  let isLeft = false
  let open = 0
  const failures: string[] = []
  const talk = (): void => {
    for (const host of world.hosts) {
      const program = world.running(host)?.program
      // Whoever is on its way out answers no more questions of its own.
      if (!program || (host === leaver && stage !== 'back')) continue
      const id = drawOne(random, entityIds(run))
      const type = drawOne(random, typeNames)
      open++
      void program
        .send(type, id, { ...calm, timeoutMs: 15_000, isAsk: random() < 0.7 })
        .then((isDone) => {
          open--
          if (!isDone) failures.push(`${type}/${id} did not answer ${host}`)
        })
    }
  }
  return {
    name: 'moves in peace lose nothing',
    withinMs: 60_000,
    begin() {
      beganAt = world.now
      leaver = drawOne(random, world.hosts)
      run.note(leaver, 'workload', 'leave(), in peace')
      const process = world.running(leaver)
      process?.program?.cluster.leave().then(
        () => (isLeft = true),
        (error: unknown) => failures.push(`${leaver} could not leave: ${String(error)}`),
      )
    },
    nudge() {
      if (stage === 'leaving' && isLeft && !world.running(leaver)) {
        stage = 'away'
        world.start(leaver)
      } else if (stage === 'away' && isEven(run)) stage = 'back'
      if (stage !== 'back') talk()
    },
    isDone() {
      if (stage !== 'back' || open > 0) return false
      for (const failure of failures) run.violate('moves in peace lose nothing', failure)
      checkPeace(run, beganAt)
      return true
    },
    explain: () => `${leaver} is ${stage}; ${open} questions wait. ${explainAll(run)}`,
  }
}

/** Every shard is somewhere and at rest, and no node has none. */
function isEven(run: ShardingRun): boolean {
  return run.world.hosts.every((host) => {
    const program = run.world.running(host)?.program
    return (
      program !== undefined &&
      program.sharding.explain().hasLease &&
      typeNames.every((type) => {
        const region = program.regionOf(type)
        return Array.from({ length: region.numShards }, (_, shard) => region.explain(shard)).every(
          ({ owner, movingTo, route }) => owner && !movingTo && route !== 'waiting',
        )
      })
    )
  })
}

/** All that was sent in peace was handled. */
function checkPeace(run: ShardingRun, since: number): void {
  for (const { letter, key, sentAt, handledAt, dead } of recordOf(run).letters.all) {
    if (sentAt < since || handledAt !== undefined) continue
    const text = `${letter.uid} to ${key} of ${letter.from} is not handled (${dead ?? 'no dead letter'})`
    run.violate('moves in peace lose nothing', text)
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
        const region = program.regionOf(type)
        const { waiting, entities, shards } = region.statistics()
        const owned = Array.from({ length: region.numShards }, (_, shard) => region.explain(shard))
        const inShards = owned.reduce((sum, shard) => sum + shard.entities, 0)
        if (waiting > 0) return `${host} keeps ${waiting} messages of ${type}`
        if (entities !== inShards) return `${host} keeps ${entities - inShards} former ${type}`
        if (shards !== owned.filter(({ stage }) => stage === 'running').length) {
          return `${host} has shards of ${type} that do not run`
        }
      }
      const most = 60 + 16 * world.hosts.length + 4 * shardingSettings(run.plan).entities
      if (clock.pendingTimers > most) return `${host} has ${clock.pendingTimers} timers`
    }
    return undefined
  }
  return {
    name: 'nothing is left over',
    withinMs: 20_000,
    isDone: () => leftovers() === undefined,
    explain: () => leftovers() ?? '',
  }
}

/** What the journal holds in the end is what clients were told. */
function allIsWritten(run: ShardingRun): HealStage {
  const { answers, journal, letters, lossesAt } = recordOf(run)
  let isRead = false
  const read = async (): Promise<void> => {
    for (const id of entityIds(run)) {
      const events: Added[] = []
      for await (const { bytes } of journal.server.events(id)) {
        // The codec of the entities, which wrote this.
        events.push(JSON.parse(new TextDecoder().decode(bytes)) as Added)
      }
      const finding = answers.check(keyOf('ledger', id), events, !clocksAreOff(run))
      if (finding) run.violate(finding.checker, finding.text)
    }
    isRead = true
  }
  return {
    name: 'the journal is read',
    withinMs: 1_000,
    begin() {
      void read()
      for (const { letter, key, sentAt, handledAt, dead } of letters.all) {
        if (handledAt !== undefined || dead !== undefined) continue
        const isExcused =
          lossesAt.some((at) => at >= sentAt) || run.world.disturbances.wasAnyLinkBad(sentAt)
        if (isExcused) continue
        const text = `${letter.uid} of ${letter.from} to ${key} was sent at ${sentAt.toFixed(0)} ms, and nobody knows of it`
        run.violate('messages are accounted for', text)
      }
    },
    isDone: () => isRead,
    explain: () => 'it was not',
  }
}

function explainAll(run: ShardingRun): string {
  return run.world.processes
    .map(({ host, program }) => {
      const { summary, tableVersion } = program?.sharding.explain() ?? {}
      return `${host}: ${summary ?? 'no program'} (${tableVersion ?? ''})`
    })
    .join('; ')
}
