// What goes wrong with a data center as a whole, or with those in it who matter to the others.
import { envoysOf, type Cluster, type ClusterState } from '@casty/membership'
import { across, disturb } from '../faults/network-faults.ts'
import type { MembershipRun } from '../membership/membership-run.ts'
import { hostsIn } from '../membership/places.ts'
import { leave } from '../membership/workload.ts'
import { defineAction, type ActionType } from '../run/action.ts'
import { drawMode, drawShape, freeze, splitMs } from '../sbr/partition-faults.ts'
import { isGone } from '../sbr/late-joiners.ts'
import { lookUntil } from '../sbr/look-until.ts'
import { stage } from '../sbr/staged.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import { linesOf } from './lines.ts'
import { dataCenterAt } from './settings.ts'

/** Whoever leaves is let go, and known to be, everywhere by then, or will not be soon. */
const goneWithinMs = 20_000
const lookEveryMs = 50

const isAnotherDataCenter = (run: MembershipRun, hosts: readonly string[]): boolean =>
  run.world.processes.some(({ host }) => !hosts.includes(host))

export const dataCenterFaults: readonly ActionType<Cluster, ClusterState>[] = [
  defineAction({
    type: 'split-inside',
    kind: 'fault',
    weight: 5,
    draw: (random, hosts) => ({
      index: drawInteger(random, 0, 2),
      sides: drawShape(random, hosts),
      apart: random() < 0.5,
      oneWay: random() < 0.2,
      mode: drawMode(random),
      forMs: splitMs(random),
    }),
    perform: (run, { index, sides, apart, oneWay, mode, forMs }) => {
      const dataCenter = dataCenterAt(run, index)
      const hosts = hostsIn(run, dataCenter)
      const inside = sides.filter((sided) => hosts.includes(sided.slice(1)))
      const lines = apart ? linesOf(run, dataCenter) : []
      disturb(run, [...across(inside, oneWay), ...lines], { type: 'cut', mode }, forMs)
    },
  }),
  defineAction({
    type: 'freeze-data-center',
    kind: 'fault',
    weight: 2,
    draw: (random) => ({
      index: drawInteger(random, 0, 2),
      forMs: drawOne(random, [3_000, 10_000, 20_000, 45_000]),
    }),
    perform: (run, { index, forMs }) => freeze(run, hostsIn(run, dataCenterAt(run, index)), forMs),
  }),
  defineAction({
    type: 'lose-data-center',
    kind: 'fault',
    weight: 3,
    draw: (random) => ({
      index: drawInteger(random, 0, 2),
      silently: random() < 0.7,
      afterMs: drawLogarithmic(random, 500, 40_000),
    }),
    perform: (run, { index, silently, afterMs }) => {
      const { world } = run
      const hosts = hostsIn(run, dataCenterAt(run, index))
      if (!isAnotherDataCenter(run, hosts)) return
      for (const host of hosts) {
        run.note(host, 'fault', `${silently ? 'power lost' : 'crash'}, back after ${afterMs} ms`)
        if (silently) world.vanish(host)
        else world.crash(host)
        run.later(afterMs, () => world.start(host))
      }
    },
  }),
  defineAction({
    type: 'lose-envoys',
    kind: 'fault',
    weight: 4,
    draw: (random) => ({
      index: drawInteger(random, 0, 2),
      cut: random() < 0.4,
      silently: random() < 0.5,
      mode: drawMode(random),
      forMs: splitMs(random),
    }),
    perform: (run, { index, cut, silently, mode, forMs }) => {
      const { world } = run
      const dataCenter = dataCenterAt(run, index)
      const hosts = hostsIn(run, dataCenter).filter((host) => world.running(host))
      const view = world.running(hosts[0] ?? '')?.program?.getState()
      // One is left to take over.
      const envoys = view === undefined ? [] : envoysOf(view, dataCenter).slice(0, hosts.length - 1)
      if (cut) disturb(run, linesOf(run, dataCenter), { type: 'cut', mode }, forMs)
      for (const { address } of envoys) {
        run.note(address.host, 'fault', silently ? 'power lost, an envoy' : 'crash, an envoy')
        if (silently) world.vanish(address.host)
        else world.crash(address.host)
      }
    },
  }),
  defineAction({
    type: 'new-data-center-amid-cut',
    kind: 'fault',
    weight: 4,
    draw: (random) => ({
      index: drawInteger(random, 0, 2),
      mode: drawMode(random),
      withMe: random() < 0.5,
      apartMs: drawLogarithmic(random, 100, 3_000),
      forMs: drawInteger(random, 5_000, 25_000),
    }),
    perform: (run, { index, mode, withMe, apartMs, forMs }) => {
      const { world } = run
      const newcomers = hostsIn(run, dataCenterAt(run, index))
      stage(run, goneWithinMs + forMs, () => {
        for (const host of newcomers) leave(run, host, 50)
        lookUntil(run, world.now + goneWithinMs, lookEveryMs, () => {
          if (!newcomers.every((host) => isGone(run, host))) return false
          // Between the others, or, where there is one other only, of it and the new one.
          const cut = dataCenterAt(run, index + 1)
          const lines = linesOf(run, cut).filter(
            ({ from, to }) => withMe || ![from, to].some((host) => newcomers.includes(host)),
          )
          disturb(run, lines, { type: 'cut', mode }, forMs)
          run.later(apartMs, () => {
            for (const host of newcomers) world.start(host)
          })
          return true
        })
      })
    },
  }),
]
