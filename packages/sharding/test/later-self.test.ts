// A node may turn out to need a later incarnation than it took, until it is a member: what began before goes by that.
import { NodeIdentity } from '@casty/transport'
import { expect, test } from 'vitest'
import { Departure } from '../src/core/departure.ts'
import { checkType } from '../src/entity-type.ts'
import { Regions } from '../src/regions.ts'
import { Replication } from '../src/replication/replication.ts'
import { checkLimits } from '../src/sharding-options.ts'
import type { Change } from '../src/protocol.ts'
import { ShardTable } from '../src/table/shard-table.ts'
import { RegionWorld } from './region-world.ts'

const type = checkType({
  name: 'kept',
  numShards: 1,
  replication: { replicas: 1, minAcks: 0 },
  entity: () => ({ type: 'ignore' }) as never,
})

function tableOf(...changes: readonly Change[]): ShardTable {
  const settings = { name: 'kept', numShards: 1, replicas: 1, disks: 0 }
  const all: readonly Change[] = [{ type: 'type', settings, census: 0 }, ...changes]
  return ShardTable.empty.with({ version: { term: 1, seq: 1 }, changes: all })
}

function owned(owner: NodeIdentity, replicas: readonly NodeIdentity[]): Change {
  const row = {
    epoch: 7,
    owner,
    movingTo: undefined,
    replicas,
    lineage: 0,
    isUndecided: false,
    isReplicated: false,
    isDecided: false,
  }
  return { type: 'shards', typeName: 'kept', rows: [{ shard: 0, row }] }
}

test('a node that leaves knows its shards by the incarnation that it got', () => {
  const node = { self: NodeIdentity.parse('a:1#1') }
  const departure = new Departure(node, 1_000)
  node.self = NodeIdentity.parse('a:1#2')
  expect(departure.isNeededBy(tableOf(owned(node.self, [])))).toBe(true)
})

test('an owner of copies keeps them by the incarnation that it got', async () => {
  await using world = await RegionWorld.of('a')
  const { system, cluster, remoting, gate, regions: before } = world.node('a')
  before[Symbol.dispose]()
  const other = NodeIdentity.parse('b:1#1')
  let self = NodeIdentity.parse('a:1#1')
  let table = ShardTable.empty
  using regions = new Regions({
    system,
    cluster: {
      get self() {
        return self
      },
      endpoint: cluster.endpoint,
      selfMember: undefined,
      getState: () => cluster.getState(),
    },
    remoting,
    gate,
    settings: checkLimits({}),
    port: {
      get table() {
        return table
      },
      released: () => {},
      emptied: () => {},
      replicated: () => {},
      contested: () => {},
      typesChanged: () => {},
      fenced: () => {},
    },
    startReplication: (port, maxFrameBytes) => new Replication(port, maxFrameBytes),
  })
  regions.start(type)
  self = NodeIdentity.parse('a:1#2')
  const change = (replicas: readonly NodeIdentity[]): void => {
    table = tableOf(owned(self, replicas))
    const row = table.row('kept', 0)
    regions.tableCommitted([{ typeName: 'kept', shard: 0, before: row, row }])
  }
  change([])
  const bytes = new Uint8Array(10)
  const event = { manifest: 'x', version: 0, timestamp: 0, bytes }
  const journal = regions.replicatedJournal(type, 0, 7)
  const append = { epoch: 7, expectedSequenceNr: 0, events: [event] }
  await journal?.append('id', append)
  await world.settle(200)
  // As for the next owner: this one goes on.
  const asked = [{ typeName: 'kept', shard: 0, epoch: 8 }]
  const position = regions.reportReplicas(asked)[0]?.copies
  expect(position?.position).toBeGreaterThan(0)
  change([other])
  expect(regions.reportReplicas(asked)[0]?.copies).toEqual(position)
})
