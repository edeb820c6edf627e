import { ManualClock, seededRandom } from '@casty/clock'
import { Cluster, NodeAddress } from '@casty/membership'
import { createMemoryNetwork, type MemoryNetwork } from '@casty/transport'
import { expect, test } from 'vitest'
import { StrangerSharding } from '../src/stranger-sharding.ts'
import { outcome, passUntil } from '../../virtual-time/index.ts'

const keys = Array.from({ length: 40 }, (_, nr) => `key-${nr}`)

test('values live on one of three nodes each, and every node finds them', async () => {
  await using world = new World()
  await world.startAll('a b c')
  for (const [nr, key] of keys.entries()) {
    await world.settled(world.node(nr).sharding.put(key, `value of ${key}`))
  }
  const found = await world.settled(
    Promise.all(keys.map((key, nr) => world.node(nr + 1).sharding.get(key))),
  )
  expect(found.map(({ value }) => value)).toEqual(keys.map((key) => `value of ${key}`))
  expect(new Set(found.map(({ from }) => from)).size).toBe(3)
})

test('what a node had that died is served by the others', async () => {
  await using world = new World()
  await world.startAll('a b c')
  const lost = world.node(1)
  const theirs = keys.filter((key) => lost.sharding.ownerOf(key)?.key === lost.cluster.self.key)
  await world.kill(lost)
  const others: readonly string[] = world.nodes.map(({ cluster }) => cluster.self.key)
  await world.until(() => world.nodes.every((node) => areServed(node, theirs, others)))
  const answers = await world.settled(
    Promise.all(theirs.map((key, nr) => world.node(nr).sharding.put(key, 'new'))),
  )
  expect(theirs.length).toBeGreaterThan(0)
  expect(answers.every(({ value, from }) => value === 'new' && others.includes(from))).toBe(true)
})

test('a node that joins gets its share', async () => {
  await using world = new World()
  await world.startAll('a b')
  await world.startAll('c')
  const joiner = world.node(2)
  await world.until(() =>
    keys.some((key) => world.node(0).sharding.ownerOf(key)?.key === joiner.cluster.self.key),
  )
  const all = world.nodes.map(({ cluster }) => cluster.self.key)
  expect(world.nodes.every((node) => areServed(node, keys, all))).toBe(true)
})

interface Node {
  readonly cluster: Cluster
  readonly sharding: StrangerSharding
}

function areServed({ sharding }: Node, some: readonly string[], by: readonly string[]): boolean {
  return some.every((key) => by.includes(sharding.ownerOf(key)?.key ?? ''))
}

/** Nodes in one process, over the network in memory and on virtual time. */
class World implements AsyncDisposable {
  readonly #clock = new ManualClock()
  readonly #random = seededRandom(1)
  readonly #network: MemoryNetwork = createMemoryNetwork({
    clock: this.#clock,
    random: seededRandom(2),
    latencyMs: 1,
  })
  nodes: readonly Node[] = []

  /** Any of them, by a number. */
  node(nr: number): Node {
    const node = this.nodes[nr % this.nodes.length]
    if (!node) throw new Error('No node runs.')
    return node
  }

  /** Resolves when all nodes are up, and all keys have an owner for all. */
  async startAll(hosts: string): Promise<void> {
    for (const host of hosts.split(' ')) {
      const cluster = await Cluster.start({
        transport: this.#network.transport({ host }),
        host,
        port: 1,
        insecure: true,
        seedNodes: ['a:1'],
        clock: this.#clock,
        random: seededRandom(this.#random() * 0x1_0000_0000),
      })
      this.nodes = [...this.nodes, { cluster, sharding: new StrangerSharding(cluster, 12) }]
    }
    await this.until(() =>
      this.nodes.every(
        (node) =>
          node.cluster.getState().members.filter(({ status }) => status === 'up').length ===
            this.nodes.length &&
          keys.every((key) => node.sharding.ownerOf(key)) &&
          this.#isAllOver(node),
      ),
    )
  }

  /** Whether each node has a part, as this one knows. */
  #isAllOver({ sharding }: Node): boolean {
    return new Set(keys.map((key) => sharding.ownerOf(key)?.key)).size === this.nodes.length
  }

  async kill(node: Node): Promise<void> {
    const { host, port } = node.cluster.self.address
    this.#network.kill(NodeAddress.of(host, port))
    this.nodes = this.nodes.filter((other) => other !== node)
    await node.cluster.shutdown()
  }

  async settled<T>(promise: Promise<T>): Promise<T> {
    return await outcome(promise, (holds) => this.until(holds))
  }

  async until(holds: () => boolean): Promise<number> {
    return await passUntil(this.#clock, holds, 60_000)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { cluster, sharding } of this.nodes) {
      sharding[Symbol.dispose]()
      await cluster.shutdown()
    }
  }
}
