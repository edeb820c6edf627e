// Machines that sleep: their monotonic clock stands still, their wall clock does not.
import { NodeAddress, NodeIdentity } from '@casty/transport'
import { expect, test } from 'vitest'
import { coreDefaults, ShardingCore, type CoreEvent, type ViewMember } from '@casty/sharding'

const wallMs = 1_700_000_000_000
const nodes = ['a', 'b'].map((host) => NodeIdentity.of(NodeAddress.of(host, 1), 1))
const members = nodes.map((node, index): ViewMember => {
  return { node, status: 'up', upNumber: index + 1, isReachable: true }
})

/** Two nodes of which the first gives out shards. */
function led(): { readonly leader: ShardingCore; readonly now: number } {
  const cores = nodes.map((self) => new ShardingCore({ ...coreDefaults, self }, 0))
  const step = (index: number, event: CoreEvent, now: number): void => {
    const moment = { now, wallNow: wallMs + now }
    for (const effect of cores[index]?.step(event, moment) ?? []) {
      if (effect.type !== 'send') continue
      const to = nodes.findIndex((node) => node.equals(effect.to))
      const [from] = nodes.slice(index, index + 1)
      if (from) step(to, { type: 'message-received', from, message: effect.message }, now)
    }
  }
  for (const index of nodes.keys()) step(index, { type: 'members-changed', members }, 0)
  for (let now = 0; now < 1_000; now += 50) {
    for (const index of nodes.keys()) step(index, { type: 'deadline-reached' }, now)
  }
  const [leader] = cores
  if (!leader) throw new Error('There is nobody')
  return { leader, now: 1_000 }
}

test('a coordinator whose machine slept has no right any more, and runs nothing', () => {
  const { leader, now } = led()
  expect(leader.coordinates(now)).toBeDefined()
  expect(leader.leaseUntil).toBeGreaterThan(now)
  leader.step({ type: 'deadline-reached' }, { now, wallNow: wallMs + now + 10_000 })
  expect(leader.coordinates(now)).toBeUndefined()
  expect(leader.leaseUntil).toBeLessThan(now)
})

test('a wall clock that is set back changes nothing', () => {
  const { leader, now } = led()
  const { leaseUntil } = leader
  leader.step({ type: 'deadline-reached' }, { now, wallNow: wallMs + now - 3_600_000 })
  expect(leader.coordinates(now)).toBeDefined()
  expect(leader.leaseUntil).toBeGreaterThanOrEqual(leaseUntil)
})
