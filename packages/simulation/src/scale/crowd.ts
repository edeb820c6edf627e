// A large cluster: production nodes in one world, what they send, and what they say that happened.
import type { Random } from '@casty/clock'
import { clusterDefaults, NodeIdentity } from '@casty/membership'
import type { Cluster, ClusterConfig, ClusterEvent, NodeKey } from '@casty/membership'
import { clusterProgram } from '../membership/cluster-program.ts'
import { addressOf } from '../world/addresses.ts'
import { purely } from '../world/purity.ts'
import { drawInteger, drawSome, forkRandom } from '../world/seeds.ts'
import type { SimulatedProcess } from '../world/simulated-process.ts'
import { World } from '../world/world.ts'
import { formedState, startContact } from './contact.ts'
import { LossyNetwork } from './lossy-network.ts'

/** Nodes start one after another within this time: no two of them keep time together. */
const startWithinMs = 2_000
const contactHost = 'contact'

export interface CrowdOptions {
  readonly seed: number
  readonly nodes: number
  /** Hosts that stand empty at first. */
  readonly spareHosts: number
  readonly config: Partial<ClusterConfig>
}

/** Something that a node says happened. */
export type Hearing = (host: string, event: ClusterEvent) => void

export class Crowd {
  readonly world: World<Cluster>
  readonly network: LossyNetwork = new LossyNetwork()
  readonly random: Random
  readonly #hosts: readonly string[]
  readonly #spareHosts: string[]
  readonly #hearings = new Set<Hearing>()
  #seeds: readonly string[] = [addressOf(contactHost).toString()]
  #bytes = 0
  #writes = 0

  constructor({ seed, nodes, spareHosts, config }: CrowdOptions) {
    const digits = String(nodes + spareHosts).length
    const names = Array.from(
      { length: nodes + spareHosts },
      (_, index) => `n${String(index).padStart(digits, '0')}`,
    )
    this.#hosts = names.slice(0, nodes)
    this.#spareHosts = names.slice(nodes)
    this.random = forkRandom(seed, 'scale')
    const start = clusterProgram(() => this.#seeds, config)
    this.world = new World({
      seed,
      hosts: names.map((name) => ({ name })),
      keepLast: 1,
      latencyMs: this.network.latencyMs,
      program: async (surroundings) => {
        const cluster = await start(surroundings)
        cluster.subscribe((event) => {
          for (const hearing of this.#hearings) hearing(surroundings.host, event)
        })
        return cluster
      },
    })
    this.world.listen({
      wrote: ({ stage, bytes }) => {
        if (stage !== 'sent') return
        this.#bytes += bytes.length
        this.#writes++
      },
    })
  }

  /** Every node of the beginning joins, and is a member among members that know each other. */
  async form(): Promise<void> {
    const { world } = this
    const starts = this.#hosts.map(
      (host) => [host, drawInteger(this.random, 1, startWithinMs)] as const,
    )
    const nodes = starts.map(([host, at]) => {
      const incarnation = Math.floor(world.clock.wallNow()) + at
      return NodeIdentity.of(addressOf(host), incarnation)
    })
    const contact = await startContact({
      transport: world.network.transport({ host: contactHost }),
      clock: world.clock,
      random: this.random,
      address: addressOf(contactHost),
      clusterName: clusterDefaults.name,
      state: formedState(nodes),
    })
    for (const [host, at] of starts) world.clock.schedule(at, () => world.start(host))
    while (
      this.processes.some(({ program }) => program?.selfMember === undefined) ||
      this.processes.length < nodes.length
    ) {
      await this.pass(500)
    }
    await this.pass(500) // The last answer is on its way to a contact that hears it.
    void contact[Symbol.asyncDispose]()
    await this.pass(1)
  }

  /** Lets time pass, with the traps of `purely` set. */
  async pass(ms: number): Promise<void> {
    await purely(async () => await this.world.run(ms))
  }

  /** Lets time pass until something holds, looked at now and then; false where it never does. */
  async until(holds: () => boolean, withinMs: number): Promise<boolean> {
    const end = this.world.now + withinMs
    while (!holds()) {
      if (this.world.now >= end) return false
      await this.pass(50)
    }
    return true
  }

  get processes(): readonly SimulatedProcess<Cluster>[] {
    return this.world.processes
  }

  clusterAt(host: string): Cluster | undefined {
    return this.world.running(host)?.program
  }

  /** Hosts with a running node. */
  get running(): readonly string[] {
    return this.processes.map(({ host }) => host)
  }

  drawHosts(count: number): readonly string[] {
    return drawSome(this.random, this.running, count)
  }

  /** Starts nodes at hosts that stood empty; each asks some members to let it join. */
  startMore(count: number): readonly string[] {
    this.#seeds = this.drawHosts(3).map((host) => addressOf(host).toString())
    const hosts = this.#spareHosts.splice(0, count)
    for (const host of hosts) this.world.start(host)
    return hosts
  }

  /** Tells `hearing` what nodes say until `work` is done. */
  async hearing<T>(hearing: Hearing, work: () => Promise<T>): Promise<T> {
    this.#hearings.add(hearing)
    try {
      return await work()
    } finally {
      this.#hearings.delete(hearing)
    }
  }

  keyOf(host: string): NodeKey | undefined {
    return this.clusterAt(host)?.self.key
  }

  /** The host of the node that leads, as it sees itself. */
  get leader(): string | undefined {
    return this.processes.find(
      ({ program }) => program !== undefined && program.getState().leader?.key === program.self.key,
    )?.host
  }

  /** What was sent since the beginning. */
  get traffic(): Traffic {
    return { at: this.world.now, bytes: this.#bytes, writes: this.#writes }
  }

  /** Control connections that are open, per node. */
  get controlConnections(): readonly number[] {
    return this.processes.map(
      ({ program }) =>
        program?.endpoint.explain().associations.filter(({ control }) => control.state === 'open')
          .length ?? 0,
    )
  }

  async dispose(): Promise<void> {
    for (const { host } of this.processes) this.world.crash(host)
    await this.pass(1)
  }
}

export interface Traffic {
  readonly at: number
  readonly bytes: number
  readonly writes: number
}
