import { connect } from 'node:net'
import type { EndpointEvent } from '@casty/transport'
import { wsTransport } from '@casty/transport-ws'
import { expect, test } from 'vitest'
import { Node, Relay, startBehind } from '../../transport-tcp/test/nodes.ts'

test('a WebSocket that is cut under load comes back to the same life of the peer, in order, and the gap is told', async () => {
  await using relay = await Relay.start()
  await using bob = await startBehind(relay, { transport: wsTransport() })
  await using alice = await Node.start({ transport: wsTransport() })
  await alice.endpoint.connect(bob.self.address)
  let sent = 0
  for (let round = 0; round < 5; round++) {
    // Half of what is under way when the connections are torn down was not handed to the network yet.
    const before = alice.events.length
    const heard = bob.notes.length
    for (let count = 0; count < 1_000; count++) alice.send(bob.self, `${sent++}`, 'data')
    await bob.until(() => bob.notes.length > heard)
    for (let count = 0; count < 1_000; count++) alice.send(bob.self, `${sent++}`, 'data')
    relay.reset()
    expect(await closedDataLane(alice, before)).toMatchObject({ reason: 'reset', peer: bob.self })
    alice.send(bob.self, `${sent++}`, 'data')
    await bob.until(() => bob.notes.at(-1) === `${sent - 1}`)
  }
  const numbers = bob.notes.map(Number)
  expect(numbers).toEqual(Array.from(new Set(numbers)).toSorted((one, other) => one - other))
  // What is missing at the one end has closed a lane with a reset at both.
  expect(sent - numbers.length).toBeGreaterThanOrEqual(lostFrames(alice))
  expect(resets(bob)).toBeGreaterThanOrEqual(5)
  expect(metBy(bob)).toEqual(new Set([alice.self.key]))
  expect(metBy(alice)).toEqual(new Set([bob.self.key]))
})

test('what waits for a WebSocket that is cut is counted as lost, and what is sent later is not', async () => {
  await using relay = await Relay.start()
  await using bob = await startBehind(relay, { transport: wsTransport() })
  await using alice = await Node.start({ transport: wsTransport() })
  await alice.endpoint.connect(bob.self.address)
  alice.send(bob.self, 'opens the lane', 'data')
  await bob.until(() => bob.notes.length === 1)
  relay.pairs[1]?.from.pause() // The network takes no more, so frames wait.
  let waiting = 0
  while (alice.send(bob.self, 'x'.repeat(100_000), 'data') === 'sent') {
    await new Promise((resolve) => setImmediate(resolve))
    waiting += 1
  }
  const before = alice.events.length
  relay.reset()
  const { lostFrames: lost } = await closedDataLane(alice, before)
  expect(lost).toBeGreaterThan(0)
  expect(lost).toBeLessThanOrEqual(waiting + 1)
  expect(alice.endpoint.counters().dropped['lane-closed']).toBe(lost)
  alice.send(bob.self, 'after', 'data')
  await bob.until(() => bob.notes.at(-1) === 'after')
})

test('a proxy that tears idle connections down finds none, where pings are more frequent', async () => {
  await using relay = await Relay.start({ idleMs: 2_000 })
  const transport = wsTransport({ pingIntervalMs: 100 })
  await using bob = await startBehind(relay, { transport })
  await using alice = await Node.start({ transport: wsTransport() }) // Never pings meanwhile.
  alice.endpoint.keep(bob.self)
  await alice.event('lane-opened')
  // One that begins later and says nothing.
  const idle = connect(relay.address.port, relay.address.host).resume()
  idle.on('error', () => {})
  await new Promise((resolve) => idle.once('close', resolve))
  expect(alice.events.map(({ type }) => type)).toEqual(['lane-opened'])
  expect(relay.idled).toBe(1)
})

test('one that pings too seldom is torn down, told, and back in the same life', async () => {
  await using relay = await Relay.start({ idleMs: 300 })
  const transport = wsTransport({ pingIntervalMs: 60_000 })
  await using bob = await startBehind(relay, { transport })
  await using alice = await Node.start({ transport: wsTransport({ pingIntervalMs: 60_000 }) })
  alice.endpoint.keep(bob.self)
  const { reason } = await alice.event('lane-closed')
  expect(reason).toBe('reset')
  const again = alice.events.length
  await alice.event('lane-opened', again)
  expect(metBy(alice)).toEqual(new Set([bob.self.key]))
})

/** The first end of the data lane since there were so many events. */
async function closedDataLane(
  node: Node,
  since: number,
): Promise<Extract<EndpointEvent, { readonly type: 'lane-closed' }>> {
  const found = () => closedLanes(node.events.slice(since)).find(({ lane }) => lane === 'data')
  await node.until(() => found() !== undefined)
  const event = found()
  if (event === undefined) throw new Error('It was there a moment ago.')
  return event
}

function closedLanes(events: readonly EndpointEvent[]) {
  return events.filter((event) => event.type === 'lane-closed')
}

function lostFrames({ events }: Node): number {
  return closedLanes(events).reduce((sum, event) => sum + event.lostFrames, 0)
}

function resets({ events }: Node): number {
  return closedLanes(events).filter(({ reason }) => reason === 'reset').length
}

/** The lives of all peers that it had a lane with. */
function metBy({ events }: Node): ReadonlySet<string> {
  return new Set(events.filter(({ type }) => type === 'lane-opened').flatMap(peerOf))
}

function peerOf(event: EndpointEvent): readonly string[] {
  return 'peer' in event ? [event.peer.key] : []
}
