// What goes wrong right when it hurts: between two steps of a protocol, or to whoever gives out shards.
import { disturb } from '../faults/network-faults.ts'
import { defineAction } from '../run/action.ts'
import type { Link } from '../world/links.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import { minedMessages, type Mine } from './mines.ts'
import { recordOf } from './record.ts'
import type { ShardingAction, ShardingRun } from './sharding-run.ts'
import { entityOf, leave, withRunning } from './workload.ts'

/** Who has the right to give out shards, as it sees it itself. */
export function coordinators(run: ShardingRun): readonly string[] {
  return run.world.processes
    .filter(({ program, clock }) => clock.peek(() => program?.sharding.explain().isCoordinator))
    .map(({ host }) => host)
}

const victims = ['sender', 'receiver', 'coordinator'] as const
const harms = ['crash', 'crash', 'power-loss', 'pause', 'stall', 'leave', 'cut'] as const

const handoffMessages = [
  'entries',
  'accepted',
  'fence',
  'drained',
  'hand-over',
  'handed-over',
  'released',
  'envelope',
  'returned',
] as const

const journalFaults: readonly ShardingAction[] = [
  defineAction({
    type: 'journal-away',
    kind: 'fault',
    weight: 2,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      fault: drawOne(random, ['requests-lost', 'answers-lost'] as const),
      forMs: drawLogarithmic(random, 50, 5_000),
    }),
    perform: (run, { host, fault, forMs }) => disturbJournal(run, host, { type: fault }, forMs),
  }),
  defineAction({
    type: 'journal-slow',
    kind: 'fault',
    weight: 3,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      upToMs: drawLogarithmic(random, 50, 10_000),
      forMs: drawLogarithmic(random, 200, 10_000),
    }),
    perform: (run, { host, upToMs, forMs }) =>
      disturbJournal(run, host, { type: 'slow', upToMs }, forMs),
  }),
]

export function disturbJournal(
  run: ShardingRun,
  host: string,
  fault: Parameters<ReturnType<typeof recordOf>['journal']['disturb']>[1],
  forMs: number,
): void {
  const { journal } = recordOf(run)
  run.note(host, 'fault', `journal: ${Object.values(fault).join(' ')} for ${forMs} ms`)
  journal.disturb(host, fault)
  run.world.clock.schedule(forMs, () => journal.mend(host, fault))
}

export const shardingFaults: readonly ShardingAction[] = [
  ...journalFaults,
  defineAction({
    type: 'mine',
    kind: 'fault',
    weight: 10,
    draw: (random) => ({
      message: drawOne(random, minedMessages),
      stage: drawOne(random, ['sent', 'arrived'] as const),
      after: drawLogarithmic(random, 1, 6) - 1,
      victim: drawOne(random, victims),
      harm: drawOne(random, harms),
      forMs: drawLogarithmic(random, 200, 10_000),
    }),
    perform: (run, mine) => layMine(run, mine),
  }),
  defineAction({
    type: 'harm-handoff',
    kind: 'fault',
    weight: 8,
    // Somebody goes, so that shards move; and right then something happens to who takes part in that.
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      message: drawOne(random, handoffMessages),
      stage: drawOne(random, ['sent', 'arrived'] as const),
      after: drawLogarithmic(random, 1, 6) - 1,
      victim: drawOne(random, victims),
      harm: drawOne(random, harms),
      forMs: drawLogarithmic(random, 200, 10_000),
    }),
    perform: (run, { host, ...mine }) => {
      layMine(run, mine)
      if (run.world.running(host) === undefined) run.world.start(host)
      else if (run.world.processes.length > 2) leave(run, host, mine.forMs)
    },
  }),
  defineAction({
    type: 'isolate-coordinator',
    kind: 'fault',
    weight: 4,
    draw: (random) => ({
      // Of the others, this share hears, or is heard, no more.
      share: random() < 0.4 ? 1 : random(),
      way: drawOne(random, ['to', 'from', 'both'] as const),
      mode: drawOne(random, ['silent', 'hold', 'reset'] as const),
      forMs: drawLogarithmic(random, 300, 12_000),
    }),
    perform: (run, { share, way, mode, forMs }) => {
      const [host] = coordinators(run)
      if (host === undefined) return
      const others = run.world.hosts.filter((other) => other !== host)
      const links = others
        .slice(0, Math.ceil(share * others.length))
        .flatMap((other): Link[] => [
          ...(way === 'from' ? [] : [{ from: other, to: host }]),
          ...(way === 'to' ? [] : [{ from: host, to: other }]),
        ])
      disturb(run, links, { type: 'cut', mode }, forMs)
    },
  }),
  defineAction({
    type: 'isolate-owner',
    kind: 'fault',
    weight: 3,
    // For as long as it takes others to have its shards, and longer: its own clients go on talking to it.
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      other: drawOne(random, hosts),
      entity: random(),
      forMs: drawLogarithmic(random, 4_000, 15_000),
    }),
    perform: (run, { host, other, entity, forMs }) => {
      doHarm(run, 'cut', host, forMs)
      const options = { isAsk: true, isRead: false, workMs: 0, timeoutMs: 1_000 }
      for (let afterMs = 0; afterMs < forMs; afterMs += 200) {
        run.later(afterMs, () => {
          for (const one of new Set([host, other])) {
            withRunning(run, one, (program) => {
              void program.send('ledger', entityOf(run, entity), options)
            })
          }
        })
      }
    },
  }),
  defineAction({
    type: 'harm-coordinator',
    kind: 'fault',
    weight: 4,
    draw: (random) => ({
      harm: drawOne(random, harms),
      forMs: drawLogarithmic(random, 200, 12_000),
    }),
    perform: (run, { harm, forMs }) => {
      const [host] = coordinators(run)
      if (host !== undefined) doHarm(run, harm, host, forMs)
    },
  }),
  defineAction({
    type: 'restart-all',
    kind: 'fault',
    weight: 0.4,
    draw: (random) => ({ withinMs: drawInteger(random, 1, 2_000) }),
    perform: (run, { withinMs }) => {
      recordOf(run).reach('everybody dies at once')
      for (const [index, host] of run.world.hosts.entries()) {
        run.note(host, 'fault', 'all crash')
        run.world.crash(host)
        run.later((index * withinMs) / run.world.hosts.length, () => run.world.start(host))
      }
    },
  }),
]

interface Mined {
  readonly message: Mine['message']
  readonly stage: Mine['stage']
  readonly after: number
  readonly victim: (typeof victims)[number]
  readonly harm: (typeof harms)[number]
  readonly forMs: number
}

function layMine(run: ShardingRun, { message, stage, after, victim, harm, forMs }: Mined): void {
  recordOf(run).mines.lay({
    message,
    stage,
    left: after,
    spring: (from, to) => {
      const [coordinator = from] = coordinators(run)
      const host = victim === 'sender' ? from : victim === 'receiver' ? to : coordinator
      run.note(host, 'fault', `${harm} when ${message} of ${from} to ${to} is ${stage}`)
      doHarm(run, harm, host, forMs)
    },
  })
}

function doHarm(run: ShardingRun, harm: (typeof harms)[number], host: string, forMs: number): void {
  const { world } = run
  if (!world.hosts.includes(host)) return // Of a client from outside, the ways are bad, and no more.
  const isAlone = world.processes.length < 2
  switch (harm) {
    case 'crash':
    case 'power-loss':
      if (isAlone) return
      run.note(host, 'fault', harm)
      if (harm === 'crash') world.crash(host)
      else world.vanish(host)
      run.later(forMs, () => world.start(host))
      return
    case 'pause':
    case 'stall':
      run.note(host, 'fault', `${harm} for ${forMs} ms`)
      withRunning(run, host, () => {
        if (harm === 'pause') world.pause(host, forMs)
        else world.stall(host, forMs, 3)
      })
      return
    case 'leave':
      if (world.processes.length > 2) leave(run, host, forMs)
      return
    case 'cut': {
      const others = world.hosts.filter((other) => other !== host)
      const links = others.flatMap((other) => [
        { from: host, to: other },
        { from: other, to: host },
      ])
      disturb(run, links, { type: 'cut', mode: 'silent' }, forMs)
    }
  }
}
