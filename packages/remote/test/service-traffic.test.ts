// What it costs to tell all nodes of many services, in messages and bytes of the cluster's own.
import { Behaviors } from '@casty/actor'
import { Receptionist, ServiceKey } from '@casty/remote'
import { expect, test } from 'vitest'
import { RemoteWorld } from './remote-world.ts'

const hosts = 'a b c d e'

interface Traffic {
  readonly messages: number
  readonly bytes: number
}

/** All that the nodes have told each other of the cluster. */
function traffic(world: RemoteWorld): Traffic {
  const all = world.nodes.map(({ cluster }) => cluster.metrics())
  const sum = (counts: readonly number[]): number => counts.reduce((left, right) => left + right, 0)
  return {
    messages: sum(all.map(({ messagesSent }) => sum(Object.values(messagesSent)))),
    bytes: sum(all.map(({ bytesSent }) => bytesSent)),
  }
}

test('what it takes to tell of one more service does not grow with those that there are', async () => {
  await using world = await RemoteWorld.of(hosts)
  const desks = world.nodes.map(({ system, remoting }) => ({
    desk: new Receptionist(remoting),
    ref: system.spawn(Behaviors.receiveMessage<string>(() => {})),
  }))
  let count = 0
  const register = (): Disposable => {
    const office = desks[count % desks.length]
    if (!office) throw new Error('There are five')
    const key = new ServiceKey<string>(`service-${count++}`)
    return office.desk.register(key, office.ref)
  }
  const costOf = async (change: () => unknown): Promise<Traffic> => {
    await world.clock.advanceAsync(2_000) // All have heard of what was before.
    const before = traffic(world)
    change()
    await world.clock.advanceAsync(2_000)
    const after = traffic(world)
    return { messages: after.messages - before.messages, bytes: after.bytes - before.bytes }
  }
  const calm = await costOf(() => {})
  const first = await costOf(register)
  while (count < 1_000) register() // All at once, which is told as a whole.
  const last = await costOf(register)
  const withdrawn = await costOf(() => register()[Symbol.dispose]())
  for (const { desk } of desks) expect(desk.metrics().instances).toBe(1_001)

  // All 200 services of one node take some 10,000 bytes, and each of four is told.
  expect(first.bytes - calm.bytes).toBeLessThan(10_000)
  expect(last.bytes - calm.bytes).toBeLessThan(10_000)
  expect(withdrawn.bytes - calm.bytes).toBeLessThan(10_000)
  expect(last.messages).toBeLessThan(calm.messages + 60)
})
