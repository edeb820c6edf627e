// What it takes for two to act at a time: an owner whose clock is slow is out of reach, or stands still, until those
// whose clocks are fast have given its shards away, and all the while both sides are talked to.
import { disturb } from '../faults/network-faults.ts'
import { coordinators, withRunning } from '../hosting/hosting-run.ts'
import { defineAction } from '../run/action.ts'
import type { Link } from '../world/links.ts'
import { drawOne } from '../world/seeds.ts'
import { hostFaults } from './faults.ts'
import type { SendOptions } from './sender.ts'
import { recordOf, typeNames, type TypeName } from './record.ts'
import { entityIds, shardingSettings } from './settings.ts'
import type { ShardingAction, ShardingProcess, ShardingRun } from './sharding-run.ts'

/** Both sides are talked to so often, in milliseconds. */
const talkEveryMs = 150
/** So long everything is well first, so that entities live there, in milliseconds. */
const settleMs = 400
/** Spreads a share of all turns evenly. */
const goldenRatio = 0.618
/** … and so long after, in milliseconds. */
const afterwardsMs = 2_000
/** Of fewer there is no majority without one. */
const minNodes = 3

const question: Omit<SendOptions, 'isRead'> = { isAsk: true, workMs: 0, timeoutMs: 1_500 }

const harms = [
  'cut-to',
  'cut-to',
  'cut-both',
  'cut-both',
  // All but a third, who may keep copies.
  'cut-most',
  'cut-most',
  'cut-most',
  'cut-from',
  'pause',
  'stall',
] as const

export const staleOwner: ShardingAction = defineAction({
  type: 'stale-owner',
  kind: 'fault',
  weight: 60,
  draw: (random) => ({
    which: random(),
    harm: drawOne(random, harms),
    mode: drawOne(random, ['silent', 'silent', 'hold', 'reset'] as const),
    /** Of a lease: from when a fast clock says that it is over, to when a slow one does, and after. */
    leases: 0.8 + 1.4 * random(),
    /** What share of what clients ask is a read: of all, or of those only that talk to the other side. */
    reads: drawOne(random, [0, 0.4, 1]),
    whose: drawOne(random, ['all', 'others'] as const),
    isJournalSlow: random() < 0.3,
  }),
  perform: (run, { which, harm, mode, leases, reads, whose, isJournalSlow }) => {
    const victim = slowOwner(run, which)
    const record = recordOf(run)
    const isAlone = run.world.processes.length < minNodes
    // Two at once only leave fewer for a majority.
    if (!victim || isAlone || record.hasStaleOwner) return
    const { host, keys } = victim
    const forMs = Math.round(shardingSettings(run.plan).leaseMs * leases)
    record.hasStaleOwner = true
    run.later(settleMs + forMs + afterwardsMs, () => (record.hasStaleOwner = false))
    talkToBoth(run, host, keys, settleMs + forMs + afterwardsMs, (isOther, turn) => {
      const share = isOther || whose === 'all' ? reads : 0
      return (turn * goldenRatio) % 1 < share
    })
    run.later(settleMs, () => {
      if (isJournalSlow)
        hostFaults.disturbJournal(run, host, { type: 'slow', upToMs: 5_000 }, forMs)
      if (harm === 'pause' || harm === 'stall') {
        run.note(host, 'fault', `${harm} for ${forMs} ms`)
        if (harm === 'pause') run.world.pause(host, forMs)
        else run.world.stall(host, forMs, 3)
      } else disturb(run, linksOf(run, host, harm), { type: 'cut', mode }, forMs)
    })
  },
})

function linksOf(run: ShardingRun, host: string, harm: string): readonly Link[] {
  const others = run.world.hosts.filter((other) => other !== host)
  return others
    .slice(harm === 'cut-most' ? Math.floor(others.length / 3) : 0)
    .flatMap((other) => [
      ...(harm === 'cut-from' ? [] : [{ from: other, to: host }]),
      ...(harm === 'cut-to' ? [] : [{ from: host, to: other }]),
    ])
}

interface Victim {
  readonly host: string
  /** Of its shards: type and id. */
  readonly keys: readonly (readonly [TypeName, string])[]
}

/**
 * One of those who run shards, of those with the slowest clocks. Whoever gives out shards, and is as slow, is the only one
 * whose leases are longer than others take them for.
 */
function slowOwner(run: ShardingRun, draw: number): Victim | undefined {
  const victims = run.world.processes.flatMap((process) => {
    const keys = run.world.isStopped(process.host) ? [] : keysAt(run, process)
    return keys.length === 0 ? [] : [{ host: process.host, keys, rate: rateOf(run, process.host) }]
  })
  const slowest = Math.min(...victims.map(({ rate }) => rate))
  const slow = victims.filter(({ rate }) => rate === slowest)
  const giving = slow.filter(({ host }) => coordinators(run).includes(host))
  const those = giving.length > 0 ? giving : slow
  return those[Math.floor(draw * those.length)]
}

function rateOf({ plan }: ShardingRun, host: string): number {
  return plan.hosts.find(({ name }) => name === host)?.rate ?? 1
}

/** Entities whose shards a process runs: one of each type is enough. */
function keysAt(run: ShardingRun, { program, clock }: ShardingProcess): Victim['keys'] {
  if (!program) return []
  return clock.peek(() =>
    typeNames.flatMap((type): Victim['keys'] => {
      const region = program.regionOf(type)
      const id = entityIds(run).find(
        (one) => region.explain(region.shardOf(one)).stage === 'running',
      )
      return id === undefined ? [] : [[type, id]]
    }),
  )
}

function talkToBoth(
  run: ShardingRun,
  host: string,
  keys: Victim['keys'],
  forMs: number,
  isRead: (isOther: boolean, turn: number) => boolean,
): void {
  const others = run.world.hosts.filter((other) => other !== host)
  for (let [afterMs, turn] = [0, 0]; afterMs < forMs; afterMs += talkEveryMs, turn++) {
    run.later(afterMs, () => {
      const other = others[turn % others.length] ?? host
      for (const [type, id] of keys) {
        for (const one of [host, other]) {
          withRunning(run, one, (program) => {
            void program.send(type, id, { ...question, isRead: isRead(one !== host, turn) })
          })
        }
      }
    })
  }
}
