import type { Forbidden, NodeAddress, NodeIdentity } from '@casty/transport'
import { expect, test } from 'vitest'
import { EvictionFollower } from '../src/eviction-follower.ts'
import { Evictions } from '../src/evictions.ts'
import { cluster, nameOf, node } from './states.ts'

const [a, b, c] = [node('a'), node('b'), node('c')]
const fingerprint = 'f'.repeat(64)

class World {
  readonly forbidden: Forbidden[] = []
  readonly downed: string[] = []
  /** Who is connected by the certificate that is forbidden. */
  shown: readonly NodeIdentity[] = []
  /** Who shows another one when it is dialled. */
  renewed: readonly NodeIdentity[] = []
  readonly #later: (() => void)[] = []
  readonly #state = cluster('a.up b.up')
  readonly #follower = new EvictionFollower({
    endpoint: {
      self: a,
      forbid: (entry) => {
        this.forbidden.push(entry)
        return this.shown
      },
      isConnected: () => false,
      connect: async (address: NodeAddress) => {
        const met = this.renewed.find((one) => one.address.equals(address))
        return met ?? (await Promise.reject(new Error('It is forbidden')))
      },
    },
    delayed: { after: (_, call) => void this.#later.push(call) },
    cluster: () => this.#state,
    down: (nodes) => void this.downed.push(...nodes.map(nameOf)),
  })

  evict(...entries: readonly Forbidden[]): void {
    this.#follower.follow(this.#state.with({ evictions: Evictions.empty.merge(entries) }))
  }

  async passTime(): Promise<void> {
    for (const call of this.#later.splice(0)) call()
    await new Promise(setImmediate)
  }
}

test('whoever is evicted is refused, each once, but never this node', () => {
  const world = new World()
  world.evict({ address: b.address }, { address: a.address })
  world.evict({ address: b.address }, { address: c.address })
  expect(world.forbidden).toEqual([{ address: b.address }, { address: c.address }])
})

test('members that go on to show a forbidden certificate are downed after a while', async () => {
  const world = new World()
  world.shown = [b, c]
  world.evict({ fingerprint })
  expect(world.downed).toEqual([])
  await world.passTime()
  expect(world.downed).toEqual(['b'])
})

test('a member that shows another certificate by then is none of them', async () => {
  const world = new World()
  world.shown = [b]
  world.renewed = [b]
  world.evict({ fingerprint })
  await world.passTime()
  expect(world.downed).toEqual([])
})
