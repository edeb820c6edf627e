// What disks are for: of those who have a write, some lose their disks, and all others of them their power in the midst of it.
import { disturb } from '../faults/network-faults.ts'
import { down, loseDisk, type NodeDiskParts } from '../hosting/node-disk-faults.ts'
import { defineAction } from '../run/action.ts'
import { drawLogarithmic, drawOne } from '../world/seeds.ts'
import { keepersOf, ownerOf } from './holders.ts'
import type { ShardingHost } from './host.ts'
import { copiesOf } from './settings.ts'
import type { ShardingAction } from './sharding-run.ts'
import { entityOf } from './workload.ts'

/** Of its owner, or of those that confirm its writes. */
const sides = ['owner', 'keepers'] as const

export function lostHolders(parts: NodeDiskParts<ShardingHost>): ShardingAction {
  return defineAction({
    type: 'lose-holders',
    kind: 'fault',
    weight: 20,
    draw: (random) => ({
      entity: random(),
      disksLost: drawOne(random, sides),
      /** Of the disks that are not lost: what is not there yet goes with the power. */
      slowness: drawLogarithmic(random, 20, 500),
      writesMs: drawLogarithmic(random, 50, 1_000),
      backAfterMs: drawLogarithmic(random, 10, 5_000),
    }),
    perform: (run, { entity, disksLost, slowness, writesMs, backAfterMs }) => {
      const id = entityOf(run, entity)
      const owner = ownerOf(run, id)
      if (owner === undefined) return
      const { minAcks } = copiesOf(run)
      const keepers = keepersOf(run, owner, id)
      const confirming = keepers.slice(0, minAcks)
      // Nobody else has what these confirm.
      const links = keepers.slice(minAcks).map((to) => ({ from: owner, to }))
      disturb(run, links, { type: 'cut', mode: 'silent' }, writesMs)
      const [lost, slow] = disksLost === 'owner' ? [[owner], confirming] : [confirming, [owner]]
      for (const host of slow) run.world.damageDisk(host, { latencyFactor: slowness }, writesMs)
      parts.write(run, entity, writesMs)
      run.later(writesMs, () => {
        for (const host of [...slow, ...lost]) down(run, host, 'power-loss')
        for (const host of lost) loseDisk(run, host, parts)
        for (const host of [...slow, ...lost]) {
          run.later(backAfterMs, () => run.world.start(host))
        }
      })
    },
  })
}
