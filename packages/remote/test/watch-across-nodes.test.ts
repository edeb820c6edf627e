import { Behaviors, type ActorRef, type Behavior } from '@casty/actor'
import { seededRandom } from '@casty/clock'
import { describe, expect, test } from 'vitest'
import { seeds } from '../../membership/test/cluster-world.ts'
import { ActorWorld, type ActorNode } from './actor-world.ts'

/** Writes down what it is told, and the ends of all whom it is told to watch. */
function watcher(log: unknown[]): Behavior<unknown> {
  return Behaviors.receive<unknown>(
    (message, context) => {
      if (isOrder(message)) context[message.type](message.ref)
      else log.push(message)
    },
    (signal) => void log.push(signal.ending),
  )
}

interface Order {
  readonly type: 'watch' | 'unwatch'
  readonly ref: ActorRef<never>
}

function isOrder(message: unknown): message is Order {
  return typeof message === 'object' && message !== null && 'ref' in message
}

async function two(world: ActorWorld): Promise<readonly [ActorNode, ActorNode]> {
  const [a, b] = await world.startNodes('a b')
  if (!a || !b) throw new Error('There are no two')
  return [a, b]
}

describe('An actor that watches one of another node', () => {
  test('hears of its end after all that it sent', async () => {
    await using world = new ActorWorld()
    const [a, b] = await two(world)
    const log: unknown[] = []
    a.system.spawn(watcher(log), { name: 'watcher' })
    const target = b.remote.ref<unknown>(a.cluster.self, '/watcher')
    const speaker = Behaviors.receiveMessage<number>((count) => {
      for (let number = 1; number <= count; number++) target.tell('x'.repeat(1_000))
      return Behaviors.stopped
    })
    b.system.spawn(speaker, { name: 'speaker' })
    await world.advance(10)
    const ref = a.remote.ref<number>(b.cluster.self, '/speaker')
    a.system.lookup('/watcher')?.tell({ type: 'watch', ref } as never)
    await world.advance(10)
    world.network.bandwidth(world.node('b').address, world.node('a').address, 200_000)
    ref.tell(500)
    await world.until(() => log.includes('stopped'), 10_000)
    expect([log.length, log.at(-1)]).toEqual([501, 'stopped'])
  })

  test('hears at once of the end of one that sent nothing', async () => {
    await using world = new ActorWorld()
    const [a, b] = await two(world)
    const ref = b.system.spawn(Behaviors.ignore, { name: 'x' })
    const heard: string[] = []
    const target = a.remote.ref<never>(b.cluster.self, '/x')
    a.system.whenStopped(target, (ending) => void heard.push(ending))
    await world.advance(10)
    void b.system.stop(ref)
    await world.advance(5)
    expect(heard).toEqual(['stopped'])
  })

  test('hears at once that nobody lives at a path, of its own node too', async () => {
    await using world = new ActorWorld()
    const [a, b] = await two(world)
    const heard: string[] = []
    for (const node of [a, b]) {
      const target = a.remote.ref<never>(node.cluster.self, '/nobody')
      a.system.whenStopped(target, (ending) => void heard.push(ending))
    }
    await world.advance(10)
    expect(heard).toEqual(['stopped', 'stopped'])
  })

  test('hears of the end of a ref that came in a message, and not of another at its path', async () => {
    await using world = new ActorWorld()
    const [a, b] = await two(world)
    const log: unknown[] = []
    const local = a.system.spawn(watcher(log), { name: 'watcher' })
    const first = b.system.spawn(Behaviors.ignore, { name: 'x' })
    b.remote.ref<unknown>(a.cluster.self, '/watcher').tell({ type: 'watch', ref: first })
    await world.advance(20)
    await world.settled(b.system.stop(first))
    b.system.spawn(Behaviors.ignore, { name: 'x' })
    await world.advance(20)
    expect(log).toEqual(['stopped'])
    expect(a.system.deadLetters).toEqual({})
    await world.settled(a.system.stop(local))
  })
})

/** One watch, and what was heard of it. */
interface Watch {
  readonly target: ActorRef<never>
  readonly heard: string[]
  isWithdrawn: boolean
  readonly end: Disposable
}

/** Watchers and actors on three nodes, of which anything may happen to. */
class Turmoil {
  readonly world: ActorWorld
  readonly #random: () => number
  readonly #nodes: ActorNode[]
  readonly watches: Watch[] = []
  #count = 0

  constructor(world: ActorWorld, nodes: readonly ActorNode[], random: () => number) {
    this.world = world
    this.#nodes = [...nodes]
    this.#random = random
  }

  async step(): Promise<void> {
    const draw = this.#random()
    if (draw < 0.5) this.#watch()
    else if (draw < 0.65) this.#unwatch()
    else if (draw < 0.85) this.#stopOne()
    else if (draw < 0.9) this.#cut()
    else if (draw < 0.96) this.world.heal()
    else await this.#restart()
    await this.world.advance(Math.floor(this.#random() * 60))
  }

  /** Everything that can end ends. */
  async end(): Promise<void> {
    this.world.heal()
    await this.world.until(() => this.world.allUp(3), 60_000)
    for (const { system } of this.#nodes) {
      for (const path of this.#pathsOf(system)) void system.stop(this.#refAt(system, path))
    }
    await this.world.advance(30_000)
  }

  get nodes(): readonly ActorNode[] {
    return this.#nodes
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.#random() * list.length)]
  }

  #watch(): void {
    const [from, to] = [this.#pick(this.#nodes), this.#pick(this.#nodes)]
    if (!from || !to || from === to) return
    const name = `x${this.#random() < 0.3 ? this.#count : ++this.#count}`
    if (!to.system.lookup(`/${name}`)) to.system.spawn(Behaviors.ignore, { name })
    const target = from.remote.ref<never>(to.cluster.self, `/${name}`)
    const heard: string[] = []
    const end = from.system.whenStopped(target, (ending) => void heard.push(ending))
    this.watches.push({ target, heard, isWithdrawn: false, end })
  }

  #unwatch(): void {
    const watch = this.#pick(this.watches.filter(({ heard }) => heard.length === 0))
    if (!watch) return
    watch.isWithdrawn = true
    watch.end[Symbol.dispose]()
  }

  #stopOne(): void {
    const node = this.#pick(this.#nodes)
    const path = node && this.#pick(this.#pathsOf(node.system))
    if (node && path !== undefined) void node.system.stop(this.#refAt(node.system, path))
  }

  #pathsOf(system: ActorNode['system']): readonly string[] {
    const names = Array.from({ length: this.#count + 1 }, (_, at) => `/x${at}`)
    return names.filter((path) => system.lookup(path))
  }

  #refAt(system: ActorNode['system'], path: string): ActorRef<never> {
    const ref = system.lookup(path)
    if (!ref) throw new Error(`Nobody lives at ${path}`)
    return ref
  }

  #cut(): void {
    const [from, to] = [this.#pick('abc'.split('')), this.#pick('abc'.split(''))]
    if (from === undefined || to === undefined || from === to) return
    const mode = this.#random() < 0.5 ? 'reset' : 'silent'
    this.world.cut(from, to, { mode, oneWay: this.#random() < 0.3 })
  }

  /** One that is not the first dies, which ends its own watches too, and starts again. */
  async #restart(): Promise<void> {
    this.world.heal()
    const node = this.#pick(this.#nodes.slice(1))
    if (!node) return
    await this.world.kill(node.host)
    await this.world.advance(1_000)
    const again = await this.world.startNode(node.host)
    this.#nodes[this.#nodes.indexOf(node)] = again
    await this.world.until(() => this.world.allUp(3), 60_000)
  }
}

describe('Watches across nodes', () => {
  test.each(seeds(6))(
    'each end once, whatever happens to actors, links and nodes (seed %i)',
    async (seed) => {
      await using world = new ActorWorld()
      const nodes = await world.startNodes('a b c')
      const turmoil = new Turmoil(world, nodes, seededRandom(seed))
      for (let count = 0; count < 150; count++) await turmoil.step()
      await turmoil.end()
      const unlike = turmoil.watches.filter(
        ({ heard, isWithdrawn }) => heard.length !== (isWithdrawn ? 0 : 1),
      )
      expect(unlike.map(({ target, heard }) => `${target.path}: ${heard.join()}`)).toEqual([])
      for (const { remote } of turmoil.nodes) {
        const { watching, watched, delivery } = remote.metrics().watch
        expect({ watching, watched, pending: delivery.pending }).toEqual({
          watching: 0,
          watched: 0,
          pending: 0,
        })
      }
      expect(turmoil.watches.length).toBeGreaterThan(20)
    },
  )
})
