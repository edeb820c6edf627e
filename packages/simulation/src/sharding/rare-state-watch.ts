// Notes the rare states that a run comes to, by what nodes tell about themselves.
import { hostOf } from '../world/addresses.ts'
import type { ShardingHost } from './host.ts'
import { recordOf, typeNames, type ShardingRecord } from './record.ts'
import type { ShardingProcess, ShardingRun, ShardingWatcher } from './sharding-run.ts'

/** Nodes are looked at so often, in milliseconds. */
const everyMs = 200

export function watchRareStates(run: ShardingRun): ShardingWatcher {
  const record = recordOf(run)
  const leases = new Leases(record)
  let lookedAt = 0
  return {
    wrote() {
      if (run.world.now - lookedAt < everyMs) return
      lookedAt = run.world.now
      for (const process of run.world.processes) look(process, record, leases)
    },
    ended(process) {
      for (const { owner, movingTo } of moves(run)) {
        if (hostOf(owner) === process.host) record.reach('an owner dies during a handoff')
        if (hostOf(movingTo) === process.host) record.reach('the new owner dies during a handoff')
        if (record.lastCoordinator === process) {
          record.reach('a coordinator dies during a handoff')
        }
      }
    },
    changed(_process, { members }) {
      const statuses = new Set(members.map(({ status }) => status))
      if (!statuses.has('leaving') && !statuses.has('joining')) return
      const [move] = moves(run)
      if (!move) return
      if (statuses.has('joining')) record.reach('somebody joins during a handoff')
      const isOthers = members.some(
        ({ key, status }) => status === 'leaving' && key !== move.owner && key !== move.movingTo,
      )
      if (isOthers) record.reach('somebody leaves during a handoff')
    },
  }
}

/** Shards that are moving, as the first node that knows of any says. */
function moves(run: ShardingRun): readonly { readonly owner: string; readonly movingTo: string }[] {
  for (const { program, clock } of run.world.processes) {
    const found = program ? clock.peek(() => movesIn(program)) : []
    if (found.length > 0) return found
  }
  return []
}

function movesIn(program: ShardingHost): ReturnType<typeof moves> {
  return typeNames.flatMap((type) =>
    program
      .shardsOf(type)
      .flatMap(({ owner, movingTo }) =>
        owner !== undefined && movingTo !== undefined ? [{ owner, movingTo }] : [],
      ),
  )
}

function look(process: ShardingProcess, record: ShardingRecord, leases: Leases): void {
  const { program, clock } = process
  if (!program) return
  clock.peek(() => {
    leases.look(process, program)
    for (const type of typeNames) {
      const { passivated, forced, waiting } = program.regionOf(type).statistics()
      if (passivated > 0) record.reach('an entity is passivated')
      if (forced > 0) record.reach('an entity is stopped by force')
      if (waiting === 0) continue
      const buffered = program.shardsOf(type).reduce((sum, shard) => sum + shard.waiting, 0)
      if (buffered > 0) record.reach('a message waits for a home')
      if (waiting > buffered) record.reach('a message is held until the table has come')
    }
  })
}

/** Which shards nodes ran whose lease had run out, under which epochs. */
class Leases {
  readonly #record: ShardingRecord
  readonly #lapsed = new Map<ShardingProcess, ReadonlySet<string>>()

  constructor(record: ShardingRecord) {
    this.#record = record
  }

  look(process: ShardingProcess, program: ShardingHost): void {
    const { hasLease } = program.sharding
    if (hasLease && !this.#lapsed.has(process)) return
    const run = typeNames.flatMap((type) =>
      program
        .shardsOf(type)
        .filter(({ stage }) => stage !== 'absent')
        .map(({ shard, epoch }) => `${type} ${shard} ${epoch}`),
    )
    if (run.length > 0 && !hasLease) {
      this.#lapsed.set(process, new Set(run))
      this.#record.leaseLapsed(process)
      return
    }
    const before = this.#lapsed.get(process)
    this.#lapsed.delete(process)
    if (before && run.some((name) => before.has(name))) {
      this.#record.reach('a lease runs out, and comes back to the same epoch')
    }
  }
}
