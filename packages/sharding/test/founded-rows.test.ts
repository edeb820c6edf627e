// Where most voters are lost, the table goes on with what those who are left know: what was committed last may not be among that.
import { coreDefaults, ShardingCore, type Moment, type ViewMember } from '@casty/sharding'
import { NodeIdentity } from '@casty/transport'
import { expect, test } from 'vitest'
import type { Change } from '../src/protocol.ts'

const noVersion = { term: 0, seq: 0 }
const [a, b, c] = ['a:1#1', 'b:1#1', 'c:1#1'].map((text) => NodeIdentity.parse(text)) as [
  NodeIdentity,
  NodeIdentity,
  NodeIdentity,
]

function up(node: NodeIdentity, upNumber: number): ViewMember {
  return { node, status: 'up', upNumber, isReachable: true }
}

const row = {
  epoch: 10,
  owner: a,
  movingTo: undefined,
  replicas: [b, c],
  lineage: 10,
  isUndecided: false,
  isReplicated: true,
  isDecided: false,
}
const settings = { name: 'kept', numShards: 1, replicas: 2, disks: 2 }
const changes: readonly Change[] = [
  { type: 'electorate', electorate: { voters: [a, b, c], former: [] } },
  { type: 'type', settings, census: 10 },
  { type: 'shards', typeName: 'kept', rows: [{ shard: 0, row }] },
]

test('a row of a table that is founded anew is replicated no more: others may have kept copies last', () => {
  const core = new ShardingCore({ ...coreDefaults, self: c }, 0)
  const at = (now: number): Moment => ({ now, wallNow: now + 1_000 })
  core.step({ type: 'members-changed', members: [up(a, 1), up(b, 2), up(c, 3)] }, at(0))
  const round = {
    type: 'round',
    term: 5,
    round: 1,
    version: noVersion,
    committed: noVersion,
    isFounding: false,
    grant: undefined,
    regionsVersion: 0,
  } as const
  core.step({ type: 'message-received', from: a, message: round }, at(0))
  const batch = { version: { term: 5, seq: 1 }, previous: noVersion, changes }
  const entries = { type: 'entries', term: 5, batches: [batch] } as const
  core.step({ type: 'message-received', from: a, message: entries }, at(10))
  core.step({ type: 'members-changed', members: [up(c, 3)] }, at(20))
  const isFounded = (): boolean => core.committed.row('kept', 0).epoch > row.epoch
  for (let now = 20; !isFounded() && now < 60_000; now += 100) {
    core.step({ type: 'deadline-reached' }, at(now))
  }
  expect(core.committed.row('kept', 0)).toMatchObject({ owner: a, isReplicated: false })
  expect(isFounded()).toBe(true)
})
