import { ManualClock, seededRandom, type Random } from '@casty/clock'
import { NodeAddress } from '@casty/membership'
import { createMemoryNetwork, type MemoryNetwork } from '@casty/transport'
import type { ClusteredClientOptions } from '../client/client-options.ts'
import { ClusteredClient } from '../client/clustered-client.ts'
import { ClusteredActorSystem } from '../clustered-actor-system.ts'
import { ClusterSystemError } from '../errors.ts'
import type { ClusteredActorSystemOptions } from '../options.ts'

/** All nodes are at this port, each on a host of its own. */
const port = 1

/** Time passes in steps of so many milliseconds while something is waited for. */
const stepMs = 5

/** Options of a {@link ClusterTestKit}. */
export interface ClusterTestKitOptions {
  /** The same number has the same things happen. @defaultValue 1 */
  readonly seed?: number
  /** What each message takes to another node, in milliseconds. @defaultValue 1 */
  readonly latencyMs?: number
}

/**
 * A cluster in one process: nodes as they are in production, over a network in memory, whose time passes only when told to.
 * So a test that waits for a failover takes milliseconds, and the same things happen each time.
 *
 * Journals have to be in memory as well: files and databases take real time.
 *
 * @example
 * await using kit = await ClusterTestKit.start('a b c')
 * for (const node of kit.nodes) node.spawn(accounts, 'accounts')
 * await kit.kill('a')
 * expect(await kit.settled(kit.node('b').entityAsk('accounts', 'alice', balance))).toBe(150)
 */
export class ClusterTestKit implements AsyncDisposable {
  readonly clock: ManualClock = new ManualClock()
  /** What can be done to it is in `@casty/transport`: `partition`, `cut`, `pause`, `heal`, … */
  readonly network: MemoryNetwork
  readonly #random: Random
  readonly #nodes = new Map<string, ClusteredActorSystem>()
  readonly #everStarted: ClusteredActorSystem[] = []
  readonly #clients: ClusteredClient[] = []
  #first: string | undefined

  constructor({ seed = 1, latencyMs = 1 }: ClusterTestKitOptions = {}) {
    const { clock } = this
    this.#random = seededRandom(seed)
    this.network = createMemoryNetwork({ clock, random: seededRandom(seed + 0x5eed), latencyMs })
  }

  /**
   * Nodes that are all up, and see each other.
   *
   * @param hosts - their names, separated by blanks; the first of them forms the cluster
   * @param options - of all of them
   *
   * Rejects as `start` of one of them.
   */
  static async start(
    hosts: string,
    options: Partial<ClusteredActorSystemOptions> & ClusterTestKitOptions = {},
  ): Promise<ClusterTestKit> {
    const { seed, latencyMs, ...rest } = options
    const kit = new ClusterTestKit({
      ...(seed !== undefined && { seed }),
      ...(latencyMs !== undefined && { latencyMs }),
    })
    for (const host of hosts.split(' ')) await kit.start(host, rest)
    await kit.until(() => kit.nodes.every((node) => upOn(node) === kit.nodes.length))
    return kit
  }

  /** What a node of this world is started with: for a test that does it by itself, and then calls `add`. */
  optionsFor(host: string): ClusteredActorSystemOptions {
    return {
      transport: this.network.transport({ host }),
      host,
      port,
      insecure: true, // Nothing leaves this process.
      nodeId: host,
      seedNodes: [`${this.#seedOf(host)}:${port}`],
      clock: this.clock,
      random: seededRandom(this.#random() * 0x1_0000_0000),
    }
  }

  /** One that runs; before there is any, the first that is to; and whoever comes when all are gone begins anew. */
  #seedOf(host: string): string {
    this.#first ??= host
    const [running = this.#everStarted.length === 0 ? this.#first : host] = this.#nodes.keys()
    return running
  }

  /** Starts one more; again, where one was at that host before. Rejects as `ClusteredActorSystem.start`. */
  async start(
    host: string,
    options: Partial<ClusteredActorSystemOptions> = {},
  ): Promise<ClusteredActorSystem> {
    const starting = ClusteredActorSystem.start({ ...this.optionsFor(host), ...options })
    return this.add(host, await this.settled(starting, 120_000))
  }

  /** Takes care of a node that the test has started. */
  add(host: string, node: ClusteredActorSystem): ClusteredActorSystem {
    this.#nodes.set(host, node)
    this.#everStarted.push(node)
    return node
  }

  /**
   * A process that is no member, and ends with the kit. Members let it in where they are started with `clients: true`.
   *
   * @param host - of no member
   *
   * Rejects as `ClusteredClient.connect`.
   */
  async client(
    host: string,
    options: Partial<ClusteredClientOptions> = {},
  ): Promise<ClusteredClient> {
    const connecting = ClusteredClient.connect({
      transport: this.network.transport({ host }),
      contactPoints: [...this.#nodes.keys()].map((node) => `${node}:${port}`),
      clock: this.clock,
      random: seededRandom(this.#random() * 0x1_0000_0000),
      ...options,
    })
    const client = await this.settled(connecting)
    this.#clients.push(client)
    return client
  }

  /** Those that run. */
  get nodes(): readonly ClusteredActorSystem[] {
    return [...this.#nodes.values()]
  }

  /** @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` where none runs there */
  node(host: string): ClusteredActorSystem {
    const node = this.#nodes.get(host)
    if (node) return node
    const allowed = `one that runs: ${[...this.#nodes.keys()].join(', ')}`
    throw ClusterSystemError.invalidOption('host', host, allowed)
  }

  /** The process is gone, and tells nobody. */
  async kill(host: string): Promise<void> {
    const node = this.node(host)
    this.network.kill(NodeAddress.of(host, port))
    this.#nodes.delete(host)
    await this.settled(node.cluster.shutdown())
  }

  /** Leaves in good order. Rejects as `ClusteredActorSystem.shutdown`. */
  async shutdown(host: string): Promise<void> {
    const node = this.node(host)
    this.#nodes.delete(host)
    await this.settled(node.shutdown(), 60_000)
  }

  /** Lets so much time pass. @param ms - @defaultValue 50, in which messages come, and are answered */
  async pass(ms = 50): Promise<void> {
    await this.clock.advanceAsync(ms)
  }

  /**
   * Lets time pass until something holds.
   *
   * @returns how long it took, in milliseconds
   *
   * Rejects with `CASTY_CLUSTER_EXPECTATION_FAILED`, which says how each node is, where it did not within `limitMs`.
   */
  async until(holds: () => boolean, limitMs = 60_000): Promise<number> {
    const start = this.clock.now()
    await this.clock.advanceAsync(0)
    while (!holds()) {
      if (this.clock.now() - start >= limitMs) {
        throw ClusterSystemError.expectationFailed(limitMs, this.toString())
      }
      await this.clock.advanceAsync(stepMs)
    }
    return this.clock.now() - start
  }

  /** Lets time pass until the promise settles; its outcome is the call's. Rejects as `until` as well. */
  async settled<T>(promise: Promise<T>, limitMs = 30_000): Promise<T> {
    let isSettled = false
    const note = (): void => void (isSettled = true)
    promise.then(note, note)
    await this.until(() => isSettled, limitMs)
    return await promise
  }

  toString(): string {
    return this.nodes.map((node) => `${node.selfNode}: ${node.explain().summary}`).join('\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settled(Promise.all(this.#clients.map(async (client) => await client.shutdown())))
    const ends = this.#everStarted.map(async (node) => {
      await node.cluster.shutdown() // Nobody is to wait for the others, who end as well.
      await node.shutdown()
    })
    await this.settled(Promise.all(ends), 120_000)
  }
}

function upOn(node: ClusteredActorSystem): number {
  return node.getClusterState().members.filter(({ status }) => status === 'up').length
}
