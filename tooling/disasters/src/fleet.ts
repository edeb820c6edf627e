import { setTimeout as pause } from 'node:timers/promises'
import { shardOf } from '@casty/sharding'
import { Relay } from 'casty-relay'
import { NodeProcess } from './node-process.ts'
import { numShards, type Keeping } from './protocol.ts'
import { Holdings } from './structures/holdings.ts'

/** Far more than anything takes: says that something hangs, not that it is slow. */
const patienceMs = 180_000
const explainMs = 1_000

/** Every process that was started here and still runs: they must not outlive this one. */
const running = new Set<NodeProcess>()
process.on('exit', () => {
  for (const node of running) node.send('SIGKILL')
})

let fleets = 0

/** Node processes of one cluster. Disposed of, it kills them all. */
export class Fleet implements AsyncDisposable {
  /** Of the cluster: what its entities write has ids that begin with it. */
  readonly name = `fleet-${process.pid}-${fleets++}`
  /** What its nodes hold of structures. */
  readonly holdings: Holdings = new Holdings()
  /** Of the node that was started so many others before. */
  readonly #keepingOf: (index: number) => Keeping
  readonly #relay: Relay | undefined
  /** All that were started. */
  readonly nodes: NodeProcess[] = []
  readonly #checks = new Set<() => void>()

  private constructor(keepingOf: (index: number) => Keeping, relay: Relay | undefined) {
    this.#keepingOf = keepingOf
    this.#relay = relay
  }

  /** Starts a cluster, and resolves once all its nodes see each other up, and all shards have an owner. */
  static async start(
    size: number,
    keepingOf: (index: number) => Keeping,
    { cuttable = false }: { readonly cuttable?: boolean } = {},
  ): Promise<Fleet> {
    const fleet = new Fleet(keepingOf, cuttable ? await Relay.start() : undefined)
    try {
      const seed = await fleet.launch()
      await Promise.all(Array.from({ length: size - 1 }, () => fleet.launch({ contact: seed })))
      await fleet.untilAgreed()
      return fleet
    } catch (error) {
      await fleet[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Starts a process, and resolves once it listens. */
  async launch({
    port = 0,
    contact,
    keeping = this.#keepingOf(this.nodes.length),
  }: {
    readonly port?: number
    readonly contact?: NodeProcess
    readonly keeping?: Keeping
  } = {}): Promise<NodeProcess> {
    const node: NodeProcess = new NodeProcess(
      {
        name: this.name,
        port,
        relay: this.#relay && String(this.#relay.address),
        contacts: contact ? [contact.address] : [],
        keeping,
      },
      () => this.#changed(node),
      this.holdings,
    )
    this.nodes.push(node)
    running.add(node)
    await this.until('a node listens', () => node.lives.length > 0 || node.hasEnded)
    if (node.hasEnded) throw new Error(`It ended: ${node.describe()}`)
    return node
  }

  /** Starts a process at the address of one that has ended, with what that one kept. */
  async replace(node: NodeProcess): Promise<NodeProcess> {
    await this.until('it has ended', () => node.hasEnded)
    const [contact] = this.alive
    const { keeping } = node.settings
    return await this.launch({ port: node.port, keeping, ...(contact && { contact }) })
  }

  /** Kills all of them, and starts them again once all are gone. */
  async restartAll(): Promise<void> {
    const nodes = this.alive
    for (const node of nodes) node.send('SIGKILL')
    await this.until('all are gone', () => this.alive.length === 0)
    const [first, ...others] = nodes
    if (first) await this.replace(first)
    await Promise.all(others.map((node) => this.replace(node)))
    await this.untilAgreed()
  }

  get alive(): readonly NodeProcess[] {
    return this.nodes.filter(({ hasEnded }) => !hasEnded)
  }

  /** Those that run, and have begun. */
  get listening(): readonly NodeProcess[] {
    return this.alive.filter(({ key }) => key !== '')
  }

  /** All but these that run. */
  except(...nodes: readonly NodeProcess[]): readonly NodeProcess[] {
    return this.alive.filter((node) => !nodes.includes(node))
  }

  /** Who gives out shards, as the others see it. */
  get coordinator(): NodeProcess {
    return this.#oneOf(
      'the coordinator',
      this.#agreed(({ view }) => view.coordinator),
    )
  }

  /** Who has an entity, as the others see it. */
  ownerOf(entityId: string): NodeProcess {
    const shard = shardOf(entityId, numShards)
    return this.#oneOf(
      `the owner of ${entityId}`,
      this.#agreed(({ view }) => view.owners[shard]),
    )
  }

  #agreed(of: (node: NodeProcess) => string | undefined): string | undefined {
    const [first] = this.alive
    return first && of(first)
  }

  #oneOf(what: string, key: string | undefined): NodeProcess {
    const found = this.alive.find((node) => node.key === key)
    if (!found) throw new Error(`Nobody is ${what}.`)
    return found
  }

  /** Cuts every link between two groups of nodes, both ways. */
  partition(left: readonly NodeProcess[], right: readonly NodeProcess[]): void {
    const addresses = [left, right].map((nodes) => nodes.map(({ address }) => address))
    this.#relay?.partition(addresses[0] ?? [], addresses[1] ?? [])
  }

  heal(): void {
    this.#relay?.heal()
  }

  /**
   * Resolves once each of these sees all of these, and nobody else, as up and reachable, agrees with the others
   * on who gives out shards, and knows each shard to be with one of them, and each of them to have some.
   */
  async untilAgreed(nodes: readonly NodeProcess[] = this.alive): Promise<void> {
    await this.until(`${nodes.length} nodes agree`, () => agree(nodes))
  }

  /** Resolves once `holds` does; it is asked again after every report. */
  async until(what: string, holds: () => boolean): Promise<void> {
    try {
      await this.#promise(what, holds)
    } catch (error) {
      throw await this.explained(error)
    }
  }

  #promise(what: string, holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer)
        this.#checks.delete(check)
        act()
      }
      const check = (): void => {
        if (holds()) settle(resolve)
      }
      const giveUp = (): void => settle(() => reject(new Error(`In vain: ${what}.`)))
      const timer = setTimeout(giveUp, patienceMs)
      this.#checks.add(check)
      check()
    })
  }

  /** The error with what every node has to say about it. */
  async explained(error: unknown): Promise<Error> {
    for (const node of this.alive) node.explain()
    await pause(explainMs)
    const described = this.nodes.map((node) => node.describe()).join('\n')
    return new Error(`${error instanceof Error ? error.message : String(error)}\n${described}`)
  }

  #changed(node: NodeProcess): void {
    if (node.hasEnded) running.delete(node)
    for (const check of this.#checks) check()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.nodes) node.send('SIGKILL')
    await this.#promise('processes have ended', () => this.alive.length === 0)
    await this.#relay?.[Symbol.asyncDispose]()
  }
}

function agree(nodes: readonly NodeProcess[]): boolean {
  const keys = nodes.map(({ key }) => key).toSorted()
  return nodes.every(
    ({ view: { up, memberCount, coordinator, owners } }) =>
      memberCount === keys.length &&
      up.join() === keys.join() &&
      coordinator !== undefined &&
      coordinator === nodes[0]?.view.coordinator &&
      owners.every((owner) => owner !== undefined && keys.includes(owner)) &&
      keys.every((key) => owners.includes(key)),
  )
}
