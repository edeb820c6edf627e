// Users of structures, on all nodes of a fleet and outside of it, who use them at random.
import { setTimeout as pause } from 'node:timers/promises'
import { ActorSystem } from '@casty/actor'
import { seededRandom } from '@casty/clock'
import { Distributed } from '@casty/ddata'
import { ClusterClient } from '@casty/remote'
import { ShardingClient } from '@casty/sharding'
import { tcpTransport } from '@casty/transport-tcp'
import type { Fleet } from '../fleet.ts'
import type { NodeProcess } from '../node-process.ts'
import { numShards } from '../protocol.ts'
import { StructuresUser, type Act, type ActOutcome } from './acts.ts'
import { visibilityMs } from './settings.ts'
import { Trial } from './trial.ts'

/** Who can be had use structures: a node, or a client of the cluster. */
interface Actor {
  readonly hasEnded: boolean
  use(act: Act): Promise<ActOutcome | undefined>
}

const thinkMs = 20
const againMs = 100
/** Far more than anything takes: says that something hangs, not that it is slow. */
const patienceMs = 120_000
/** How many meet at a barrier. */
const expected = 3
const locks = ['a', 'b'] as const
const served = Array.from({ length: 24 }, (_, index) => `served ${index}`)

export class StructuresUsers implements AsyncDisposable {
  readonly #fleet: Fleet
  readonly #random: () => number
  readonly #system: ActorSystem
  readonly #client: ClusterClient
  readonly #distributed: Distributed
  readonly #outside: Actor
  #trial: Trial
  #trials = 1
  #isStopping = false
  #running: readonly Promise<void>[] = []

  private constructor(fleet: Fleet, seed: number, system: ActorSystem, client: ClusterClient) {
    this.#fleet = fleet
    this.#random = seededRandom(seed)
    this.#system = system
    this.#client = client
    const sharding = ShardingClient.attach({ client })
    this.#distributed = new Distributed({ system, sharding }, { numShards })
    const user = new StructuresUser(this.#distributed, {
      granted: (grant) => fleet.holdings.granted(grant, 'the client'),
      believes: (belief) => fleet.holdings.believes(belief),
      write: async (key, fence) => await Promise.resolve(fleet.holdings.write(key, fence)),
    })
    this.#outside = { hasEnded: false, use: async (act) => await user.perform(act) }
    this.#trial = new Trial('trial 1')
  }

  static async connect(fleet: Fleet, seed: number): Promise<StructuresUsers> {
    const system = new ActorSystem()
    const client = await ClusterClient.connect({
      system,
      transport: tcpTransport(),
      name: fleet.name,
      contactPoints: fleet.alive.map(({ address }) => address),
    })
    return new StructuresUsers(fleet, seed, system, client)
  }

  /** Calls of this trial that were answered, and those of which nobody knows. */
  get counts(): { readonly answered: number; readonly unknown: number } {
    const { answered, unknown } = this.#trial
    return { answered, unknown }
  }

  /** Has so many of them use structures on each node, and outside, until `stop`. */
  start(perNode: number): void {
    this.#isStopping = false
    const actors: readonly Actor[] = [...this.#fleet.alive, this.#outside]
    this.#running = actors.flatMap((actor) =>
      Array.from({ length: perNode }, async () => await this.#work(actor)),
    )
  }

  async #work(first: Actor): Promise<void> {
    let actor = first
    while (!this.#isStopping) {
      if (actor.hasEnded) actor = this.#pick(this.#fleet.listening) ?? this.#outside
      // eslint-disable-next-line no-await-in-loop -- One thing after the other.
      await this.#act(actor)
      // eslint-disable-next-line no-await-in-loop
      await pause(thinkMs)
    }
  }

  async #act(actor: Actor): Promise<void> {
    const trial = this.#trial
    const what = this.#random() * 100
    const which = Math.floor(this.#random() * 3)
    if (what < 45) await this.#useCell(actor, what, which)
    else if (what < 60) {
      const item = `item ${trial.nextNumber()}`
      await this.#record(actor, { type: 'enqueue', name: `${trial.prefix} queue`, item })
    } else if (what < 80) await this.#consume(actor, `${trial.prefix} queue`)
    else if (what < 90) {
      await this.#record(actor, { type: 'arrive', name: `${trial.prefix} barrier`, expected })
    } else await this.#hold(actor, which)
  }

  async #useCell(actor: Actor, what: number, which: number): Promise<void> {
    const base = `${what < 22 ? 'counter' : 'entry'} ${which}`
    const name = this.#trial.nameOf(base)
    const value = this.#trial.nextNumber()
    const acts: readonly Act[] =
      what < 22
        ? [
            { type: 'read', name },
            { type: 'add', name, by: 1 + which },
            { type: 'add', name, by: 1 },
          ]
        : [
            { type: 'get', name },
            { type: 'put', name, value },
            { type: 'remove', name },
          ]
    const act = this.#pick(acts)
    if (act) await this.#trial.record(act, async () => await actor.use(act), base)
  }

  async #record(actor: Actor, act: Act): Promise<ActOutcome | undefined> {
    return await this.#trial.record(act, async () => await actor.use(act))
  }

  async #consume(actor: Actor, name: string): Promise<void> {
    const trial = this.#trial
    const outcome = await this.#record(actor, { type: 'reserve', name })
    const value = outcome?.type === 'ok' ? outcome.value : undefined
    if (value === null || typeof value !== 'object' || !('item' in value)) return
    // What is not acknowledged is delivered again.
    if (this.#random() < 0.1) return
    const { item, delivery } = value
    await trial.recordAck(
      name,
      item,
      async () => await actor.use({ type: 'acknowledge', delivery }),
    )
  }

  async #hold(actor: Actor, which: number): Promise<void> {
    const holdMs = Math.floor(this.#random() * 150)
    const name = locks[which]
    const act: Act =
      name === undefined
        ? { type: 'hold', kind: 'semaphore', name: 'shared', waitMs: 2_000, holdMs }
        : { type: 'hold', kind: 'lock', name, waitMs: 2_000, holdMs }
    await this.#record(actor, act)
  }

  /** Resolves once counters in many parts were counted up, through some of these nodes, and by the client outside. */
  async untilServed(nodes: readonly NodeProcess[] = this.#fleet.alive): Promise<void> {
    const actors: readonly Actor[] = [...nodes, this.#outside]
    const beganAt = performance.now()
    const all = served.map(async (name, index) => {
      const actor = actors[index % actors.length] ?? this.#outside
      const act = { type: 'add', name: `${this.#trial.prefix} ${name}`, by: 1 } as const
      for (;;) {
        // eslint-disable-next-line no-await-in-loop -- Again, until it is answered.
        const outcome = await this.#record(actor, act)
        if (outcome?.type === 'ok') return
        if (performance.now() - beganAt > patienceMs) {
          throw new Error(`In vain: ${name} is served: ${outcome?.message}`)
        }
        // eslint-disable-next-line no-await-in-loop
        await pause(againMs)
      }
    })
    try {
      await Promise.all(all)
    } catch (error) {
      throw await this.#fleet.explained(error)
    }
  }

  /** Resolves once so many of their calls of this trial were answered. */
  async untilAnswered(count: number): Promise<void> {
    const beganAt = performance.now()
    while (this.#trial.answered < count) {
      if (performance.now() - beganAt > patienceMs) {
        const { answered, unknown } = this.#trial
        const what = `In vain: of ${count} calls ${answered} are answered, ${unknown} unknown.`
        // eslint-disable-next-line no-await-in-loop -- It is the end of it.
        throw await this.#fleet.explained(what)
      }
      // eslint-disable-next-line no-await-in-loop
      await pause(againMs)
    }
  }

  /** Resolves when each has got its last answer. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await Promise.all(this.#running)
  }

  /** What is wrong with what they saw since the last time; then they begin with other names. To be called once all have stopped. */
  async judge(): Promise<readonly string[]> {
    const trial = this.#trial
    const remaining = new Map<string, readonly string[]>()
    for (const name of trial.queues) {
      // eslint-disable-next-line no-await-in-loop -- There is but one.
      remaining.set(name, await this.#drained(name))
    }
    this.#trial = new Trial(`trial ${++this.#trials}`)
    return [...trial.judge(remaining, expected), ...this.#fleet.holdings.judge()]
  }

  /** All that is still there, and all that comes back from those who did not acknowledge it. */
  async #drained(name: string): Promise<readonly string[]> {
    const queue = this.#distributed.queue<string>(name, { visibilityMs })
    const items: string[] = []
    for (;;) {
      // eslint-disable-next-line no-await-in-loop -- Until there are no more.
      items.push(...(await queue.dequeueMany(1_000)))
      // eslint-disable-next-line no-await-in-loop
      const { ready, delayed, inFlight } = await queue.stats()
      if (ready + delayed + inFlight === 0) return items
      // eslint-disable-next-line no-await-in-loop
      await pause(againMs)
    }
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.#random() * items.length)]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#distributed.close()
    await this.#client[Symbol.asyncDispose]()
    await this.#system.shutdown()
  }
}
