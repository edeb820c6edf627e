// Who may act, whether or not there is anything to do: rights are to be as exclusive as what is done by them.
import type { ShardingHost } from './host.ts'
import { recordOf, typeNames } from './record.ts'
import { clocksAreOff, shardingSettings } from './settings.ts'
import type { ShardingProcess, ShardingRun, ShardingWatcher } from './sharding-run.ts'

/** Rights are looked at so often, in milliseconds. */
const everyMs = 20

/** At most one coordinator, and one node for each shard, at every instant. */
export function rightsAreExclusive(run: ShardingRun): readonly ShardingWatcher[] {
  return [oneCoordinator(run), oneOwner(run)]
}

function oneCoordinator(run: ShardingRun): ShardingWatcher {
  const had = new WeakSet<ShardingProcess>()
  const record = recordOf(run)
  const { leaseMs } = shardingSettings(run.plan)
  // Whose machine slept finds out with the next thing that it does.
  const leads = (process: ShardingProcess): boolean =>
    !process.clock.hasSlept(leaseMs) &&
    seen(process, ({ sharding }) => sharding.coordinates !== undefined)
  return {
    ended(process) {
      if (had.has(process)) record.reach('a coordinator dies in its term')
    },
    // A right begins with an answer, and is used by what is sent.
    wrote({ stage }) {
      if (stage !== 'sent' || run.isOver) return
      const leading = run.world.processes.filter(leads)
      for (const process of leading) {
        had.add(process)
        record.lastCoordinator = process
      }
      if (leading.length < 2 || clocksAreOff(run)) return
      const text = `${leading.join(' and ')} have the right to give out shards`
      record.judge({ checker: 'one coordinator at a time', text }, leading[0]?.host ?? '')
    },
  }
}

function oneOwner(run: ShardingRun): ShardingWatcher {
  let lookedAt = 0
  return {
    wrote() {
      if (run.world.now - lookedAt < everyMs || run.isOver || clocksAreOff(run)) return
      lookedAt = run.world.now
      const holders = run.world.processes.filter(hasLease)
      // Who goes by the same table gives each shard to the same owner.
      if (new Set(holders.map(versionOf)).size > 1) compare(run, holders)
    },
  }
}

function hasLease(process: ShardingProcess): boolean {
  return seen(process, ({ sharding }) => sharding.hasLease)
}

/** Whoever is blocked shows what comes later: rights that begin then, while nothing of it reaches anybody yet. */
function seen({ clock, program }: ShardingProcess, look: (host: ShardingHost) => boolean): boolean {
  return program !== undefined && clock.aheadMs === 0 && clock.peek(() => look(program))
}

function versionOf({ clock, program }: ShardingProcess): string {
  return clock.peek(() => program?.sharding.explain().tableVersion) ?? ''
}

function compare(run: ShardingRun, holders: readonly ShardingProcess[]): void {
  const owners = new Map<string, string>()
  for (const process of holders) {
    const { clock, program } = process
    if (!program) continue
    for (const type of typeNames) {
      for (const { shard, stage, epoch } of clock.peek(() => program.shardsOf(type))) {
        if (stage !== 'running' && stage !== 'fencing' && stage !== 'draining') continue
        const name = `${process} under epoch ${epoch}`
        const other = owners.get(`${type} ${shard}`)
        owners.set(`${type} ${shard}`, name)
        if (other === undefined) continue
        const text = `shard ${type} ${shard} may be run by ${other} and by ${name}`
        recordOf(run).judge({ checker: 'one may act at a time', text }, process.host)
      }
    }
  }
}
