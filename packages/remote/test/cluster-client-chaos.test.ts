// Clients of a cluster whose members come, leave and die, on a network that fails.
import { seededRandom } from '@casty/clock'
import { expect, test } from 'vitest'
import { seeds } from '../../membership/test/cluster-world.ts'
import { ServiceKey, Receptionist } from '@casty/remote'
import { ClientWorld, type TestClient } from './client-world.ts'
import { echoing, type Question } from './remote-world.ts'

const echoes = new ServiceKey<Question>('echoes')

function serve(world: ClientWorld, host: string): void {
  const { remoting, system } = world.node(host)
  new Receptionist(remoting).register(echoes, system.spawn(echoing, { name: 'echo' }))
}

function keysOf(members: readonly { readonly key: string }[]): string {
  return members
    .map(({ key }) => key)
    .toSorted()
    .join(' ')
}

// Seed 7: a data lane that a cut had killed without the client's noticing took the first question with it.
test.each([...seeds(6), 7])(
  'after all that can go wrong a client knows what members know, and reaches each (seed %i)',
  async (seed) => {
    const random = seededRandom(seed)
    const draw = (count: number): number => Math.floor(random() * count)
    await using world = await ClientWorld.with('a b c d')
    for (const { host } of world.nodes) serve(world, host)
    await world.settle()
    const clients = [await world.client('x'), await world.client('y')]
    let asked = 0
    let ended = 0
    const ask = ({ client }: TestClient): void => {
      const { instances } = client.lookup(echoes)
      const instance = instances[draw(instances.length)]
      if (!instance) return
      asked++
      const ends = (): void => void ended++
      client
        .ask(instance.ref, (replyTo) => ({ about: 1, replyTo }), { timeoutMs: 3_000 })
        .then(ends, ends)
    }
    const fresh = ['e', 'f', 'g', 'h']
    for (let round = 0; round < 14; round++) {
      const { host } = world.nodes[draw(world.nodes.length)] ?? { host: 'a' }
      const client = clients[draw(2)]
      const action = draw(6)
      const next = fresh[0]
      if (action === 0 && world.nodes.length > 2 && next) {
        await world.kill(host)
        fresh.shift()
        const [first] = world.nodes
        await world.start(next, { cluster: { seedNodes: [`${first?.host}:1`] } })
        serve(world, next)
      } else if (action === 1 && client) {
        const mode = (['silent', 'hold', 'reset'] as const)[draw(3)] ?? 'silent'
        world.network.cut(client.address, world.node(host).address, { mode })
      } else if (action === 2) world.network.heal()
      else for (const each of clients) ask(each)
      await world.clock.advanceAsync(draw(6_000))
    }
    world.network.heal()
    // Nobody decides here that the dead are gone: that is for the operator, or for @casty/sbr.
    const alive = new Set(world.nodes.map(({ cluster }) => cluster.self.key))
    const [first] = world.nodes
    await world.until(() => {
      const state = first?.cluster.getState()
      return (
        state?.members.every(({ key }) => alive.has(key) || state.unreachable.has(key)) ?? false
      )
    })
    for (const { key, node } of first?.cluster.getState().members ?? []) {
      if (!alive.has(key)) first?.cluster.down(node)
    }
    await world.until(() => world.nodes.every(({ cluster }) => cluster.getState().isConverged))
    await world.untilAllUp()
    await world.clock.advanceAsync(10_000)
    expect(ended).toBe(asked)
    for (const { client } of clients) {
      expect(client.contact).toBeDefined()
      const state = client.cluster.getState()
      expect(keysOf(state.members)).toBe([...alive].toSorted().join(' '))
      expect(state.unreachable.size).toBe(0)
      const { instances } = client.lookup(echoes)
      expect(instances).toHaveLength(world.nodes.length)
      for (const { ref } of instances) {
        const answer = client.ask(ref, (replyTo) => ({ about: seed, replyTo }))
        expect(await world.settled(answer)).toBe(seed)
      }
    }
    for (const { host } of world.nodes) {
      expect(world.access.get(host)?.clients).toHaveLength(clients.length)
    }
  },
)
