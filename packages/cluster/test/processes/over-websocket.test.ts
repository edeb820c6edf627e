// Two systems over real WebSockets, whose connections are torn down under load.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Behaviors, ClusteredActorSystem } from '@casty/cluster'
import { wsTransport } from '@casty/transport-ws'
import { expect, test } from 'vitest'

/** A server of the user's, which WebSockets are accepted on, and whose connections can be torn down. */
async function startServer() {
  const server: Server = createServer()
  const sockets = new Set<Socket>()
  server.on('connection', (socket) =>
    sockets.add(socket.once('close', () => sockets.delete(socket))),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // It listens on a port of TCP.
  const { port } = server.address() as AddressInfo
  return {
    server,
    port,
    tearDown: () => {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    [Symbol.dispose]: () => void server.close(),
  }
}

/** Tells who waits for something whenever it may have come about. */
class Bell {
  readonly #waiting = new Set<() => void>()

  ring(): void {
    for (const check of this.#waiting) check()
  }

  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!holds()) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }
}

test('actors over WebSockets that are torn down keep their order and their nodes, and the gap is told at both ends', async () => {
  using first = await startServer()
  using second = await startServer()
  const start = ({ server, port }: typeof first, seeds: readonly string[]) =>
    ClusteredActorSystem.start({
      transport: wsTransport({ server }),
      port,
      seedNodes: seeds,
      requiredQuorum: seeds.length + 1,
    })
  await using a = await start(first, [])
  await using b = await start(second, [`127.0.0.1:${first.port}`])
  const bell = new Bell()
  const heard: number[] = []
  b.spawn(
    Behaviors.receive<number>((number) => {
      heard.push(number)
      bell.ring()
    }),
    'listener',
  )
  let sentGaps = 0
  let missed = 0
  let ups = 0
  a.eventStream.subscribe('gap', ({ direction }) => {
    if (direction === 'sent') sentGaps += 1
    bell.ring()
  })
  b.eventStream.subscribe('gap', ({ direction, count }) => {
    if (direction === 'received') missed += count
  })
  a.eventStream.subscribe('member-up', () => void (ups += 1))
  const ref = a.lookup<number>('/listener', { node: b.selfNode })
  if (ref === undefined) throw new Error('The other node is no member.')
  const identity = b.selfNode.key
  let sent = 0
  ref.tell(sent++)
  await bell.until(() => heard.length === 1)
  for (let round = 0; round < 3; round++) {
    const before = heard.length
    const gaps = sentGaps
    // More than sockets hold, so that some of it waits when they are gone.
    while (sentGaps === gaps) {
      for (let count = 0; count < 20_000; count++) ref.tell(sent++)
      await bell.until(() => heard.length > before)
      first.tearDown()
      second.tearDown()
      await new Promise((resolve) => setImmediate(resolve))
    }
    const last = sent++
    ref.tell(last)
    await bell.until(() => heard.at(-1) === last)
  }
  expect(heard).toEqual(heard.toSorted((one, other) => one - other))
  expect(new Set(heard).size).toBe(heard.length)
  expect(missed).toBe(sent - heard.length)
  expect(missed).toBeGreaterThan(0)
  expect(b.selfNode.key).toBe(identity)
  expect(a.getClusterState().members.map(({ key }) => key)).toContain(identity)
  expect(ups).toBe(0)
})
