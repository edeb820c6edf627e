// What copies on disks are for: everybody is gone at once, in any order of coming back, and some disks do not come back.
import type { ClusterState } from '@casty/membership'
import { defineAction, type ActionType } from '../run/action.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import type { Hosting, HostingRun } from './hosting-run.ts'
import type { NodeDisks } from './node-disks.ts'

const ends = ['crash', 'power-loss'] as const
type End = (typeof ends)[number]

/** What of a scenario is needed to take nodes and disks away in it. */
export interface NodeDiskParts<P extends Hosting> {
  readonly disksOf: (run: HostingRun<P>) => NodeDisks
  /** On how many disks what is confirmed is at least. */
  readonly copies: (run: HostingRun<P>) => number
  /** Has something written all the time, what of all there is by a draw from 0 to 1. */
  readonly write: (run: HostingRun<P>, draw: number, forMs: number) => void
  readonly reach: (
    run: HostingRun<P>,
    state: 'everybody dies at once' | 'a disk is lost for good',
  ) => void
}

export function nodeDiskFaults<P extends Hosting>(
  parts: NodeDiskParts<P>,
): readonly ActionType<P, ClusterState>[] {
  return [
    defineAction({
      type: 'black-out',
      kind: 'fault',
      weight: 40,
      draw: (random, hosts) => ({
        entity: random(),
        /** It is written to for so long before. */
        writesMs: drawLogarithmic(random, 20, 1_000),
        end: drawOne(random, ends),
        /** Of all disks: what is confirmed and is not there yet is lost with the power. */
        slowness: random() < 0.5 ? 1 : drawLogarithmic(random, 5, 200),
        /** They go down one after the other, within so long. */
        withinMs: random() < 0.5 ? 0 : drawLogarithmic(random, 10, 3_000),
        backAfterMs: drawLogarithmic(random, 10, 1_000),
        /** All but the first one or two are missing for so long. */
        lateMs: drawLogarithmic(random, 10, 20_000),
        early: drawInteger(random, 1, 2),
        first: drawOne(random, hosts),
        /** Whose disk is lost: of the one that is back first, alone perhaps, or last. */
        diskLost: drawOne(random, ['first', 'last', 'none', 'none'] as const),
      }),
      perform: (run, { entity, writesMs, end, slowness, first, diskLost, ...times }) => {
        const { hosts } = run.world
        const { withinMs, backAfterMs, lateMs, early } = times
        parts.write(run, entity, writesMs + withinMs)
        for (const host of hosts) {
          run.world.damageDisk(host, { latencyFactor: slowness }, writesMs + withinMs)
        }
        parts.reach(run, 'everybody dies at once')
        const start = Math.max(0, hosts.indexOf(first))
        const inOrder = [...hosts.slice(start), ...hosts.slice(0, start)]
        for (const [index, host] of inOrder.entries()) {
          const share = index / inOrder.length
          run.later(writesMs + share * withinMs, () => down(run, host, end))
          const mayLose = index === { first: 0, last: inOrder.length - 1, none: -1 }[diskLost]
          if (mayLose) run.later(writesMs + withinMs + 1, () => loseDisk(run, host, parts))
          const backMs = backAfterMs + (index < early ? 0 : lateMs * (0.5 + share / 2))
          run.later(writesMs + withinMs + 2 + backMs, () => run.world.start(host))
        }
      },
    }),
    defineAction({
      type: 'lose-disk',
      kind: 'fault',
      weight: 6,
      draw: (random, hosts) => ({
        host: drawOne(random, hosts),
        backAfterMs: drawLogarithmic(random, 10, 5_000),
      }),
      perform: (run, { host, backAfterMs }) => {
        if (run.world.running(host) === undefined) return
        down(run, host, 'power-loss')
        loseDisk(run, host, parts)
        run.later(backAfterMs, () => run.world.start(host))
      },
    }),
  ]
}

/**
 * The power fails while all disks but one are behind, and that one is lost: what was confirmed has to be on another one,
 * which is that of its owner.
 */
export function oneDiskAhead<P extends Hosting>(
  parts: NodeDiskParts<P>,
): ActionType<P, ClusterState> {
  return defineAction({
    type: 'one-disk-ahead',
    kind: 'fault',
    weight: 30,
    draw: (random, hosts) => ({
      entity: random(),
      ahead: drawOne(random, hosts),
      slowness: drawLogarithmic(random, 20, 400),
      writesMs: drawLogarithmic(random, 100, 1_500),
      backAfterMs: drawLogarithmic(random, 10, 1_000),
    }),
    perform: (run, { entity, ahead, slowness, writesMs, backAfterMs }) => {
      const { hosts } = run.world
      parts.write(run, entity, writesMs)
      for (const host of hosts) {
        if (host !== ahead) run.world.damageDisk(host, { latencyFactor: slowness }, writesMs)
      }
      parts.reach(run, 'everybody dies at once')
      run.later(writesMs, () => {
        for (const host of hosts) down(run, host, 'power-loss')
        loseDisk(run, ahead, parts)
        for (const host of hosts) run.later(backAfterMs, () => run.world.start(host))
      })
    },
  })
}

export function down<P extends Hosting>(run: HostingRun<P>, host: string, end: End): void {
  run.note(host, 'fault', end)
  if (end === 'crash') run.world.crash(host)
  else run.world.vanish(host)
}

/**
 * For good, where that must be outlived. What is confirmed is on one disk more than may be lost in a run; and more than half of all nodes must know who had copies,
 * or shards wait until somebody gives the others up.
 */
export function loseDisk<P extends Hosting>(
  run: HostingRun<P>,
  host: string,
  { disksOf, copies, reach }: NodeDiskParts<P>,
): void {
  const disks = disksOf(run)
  const most = Math.min(copies(run) - 1, Math.ceil(run.world.hosts.length / 2) - 1)
  if (disks.lost >= most || run.world.running(host) !== undefined) return
  run.note(host, 'fault', 'its disk is lost')
  disks.lose(host)
  reach(run, 'a disk is lost for good')
}
