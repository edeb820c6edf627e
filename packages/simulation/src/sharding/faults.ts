// What goes wrong right when it hurts: between two steps of a protocol, or to whoever gives out shards.
import { disturb } from '../faults/network-faults.ts'
import { drawMine, HostFaults } from '../hosting/host-faults.ts'
import { coordinators, withRunning } from '../hosting/hosting-run.ts'
import { defineAction } from '../run/action.ts'
import type { Link } from '../world/links.ts'
import { drawLogarithmic, drawOne } from '../world/seeds.ts'
import { recordOf } from './record.ts'
import type { ShardingHost } from './host.ts'
import type { ShardingAction } from './sharding-run.ts'
import { entityOf, leave } from './workload.ts'

/** Of nodes that spread entities. */
export const hostFaults: HostFaults<ShardingHost> = new HostFaults<ShardingHost>({
  minesOf: (run) => recordOf(run).mines,
  journalOf: (run) => recordOf(run).journal,
  leave,
  reachEnd: (run) => recordOf(run).reach('everybody dies at once'),
})

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

export const shardingFaults: readonly ShardingAction[] = [
  ...hostFaults.journalFaults(),
  hostFaults.mine(10, 6),
  defineAction({
    type: 'harm-handoff',
    kind: 'fault',
    weight: 8,
    // Somebody goes, so that shards move; and right then something happens to who takes part in that.
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      ...drawMine(random, handoffMessages, 6),
    }),
    perform: (run, { host, ...mine }) => {
      hostFaults.layMine(run, mine)
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
      hostFaults.doHarm(run, 'cut', host, forMs)
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
  hostFaults.toCoordinator(4),
  hostFaults.restartAll(),
]
