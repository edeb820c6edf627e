import { setTimeout as pause } from 'node:timers/promises'
import type { Network } from './network.ts'
import { NodeProcess } from './node-process.ts'

/** Far more than anything takes: says that something hangs, not that it is slow. */
const patienceMs = 60_000
const explainMs = 1_000

/** Every process that was started here and still runs: they must not outlive this one. */
const running = new Set<NodeProcess>()
process.on('exit', () => {
  for (const node of running) node.send('SIGKILL')
})

let fleets = 0

/** Node processes of one cluster on a network of their own. Disposed of, it kills them all. */
export class Fleet implements AsyncDisposable {
  readonly network: Network
  /** In the order in which they were started: the first one formed the cluster. */
  readonly nodes: NodeProcess[] = []
  readonly #name = `fleet-${process.pid}-${fleets++}`
  readonly #checks = new Set<() => void>()

  constructor(network: Network) {
    this.network = network
  }

  /** Starts a cluster, and resolves once all its nodes see each other up. */
  static async start(size: number, network: Network): Promise<Fleet> {
    const fleet = new Fleet(network)
    try {
      const [seed] = await fleet.#launch(1, [])
      await fleet.#launch(size - 1, seed ? [seed.address] : [])
      await fleet.untilAgreed(fleet.nodes)
      return fleet
    } catch (error) {
      await fleet[Symbol.asyncDispose]()
      throw error
    }
  }

  async #launch(count: number, contacts: readonly string[]): Promise<readonly NodeProcess[]> {
    const launched = Array.from({ length: count }, () => {
      const place = this.network.place(this.nodes.length)
      const { host, relay } = place
      const settings = { name: this.#name, host, relay, contacts }
      const node: NodeProcess = new NodeProcess(settings, place, () => this.#changed(node))
      this.nodes.push(node)
      running.add(node)
      return node
    })
    await this.until('nodes listen', () => launched.every(({ lives }) => lives.length > 0))
    return launched
  }

  /** Cuts every link between two groups of nodes, both ways. */
  partition(left: readonly NodeProcess[], right: readonly NodeProcess[]): void {
    for (const from of left) for (const to of right) this.network.cut(from.address, to.address)
  }

  /** Nothing that `from` sends arrives at any of `to`. */
  silence(from: readonly NodeProcess[], to: readonly NodeProcess[]): void {
    for (const sender of from) {
      for (const { address } of to) this.network.cut(sender.address, address, { oneWay: true })
    }
  }

  /** All but these. */
  except(...nodes: readonly NodeProcess[]): readonly NodeProcess[] {
    return this.nodes.filter((node) => !nodes.includes(node))
  }

  /** Resolves once each of these sees all of these, and nobody else, as up and reachable. */
  async untilAgreed(nodes: readonly NodeProcess[]): Promise<void> {
    await this.until(`${nodes.length} nodes are up everywhere`, () => agree(nodes))
  }

  /** Resolves once `holds` does; it is asked again after every report. */
  async until(what: string, holds: () => boolean): Promise<void> {
    try {
      await this.#promise(what, holds)
    } catch (error) {
      throw await this.#explained(error)
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
  async #explained(error: unknown): Promise<Error> {
    for (const node of this.nodes) if (!node.hasEnded) node.explain()
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
    await this.until('processes have ended', () => this.nodes.every(({ hasEnded }) => hasEnded))
    await this.network[Symbol.asyncDispose]()
  }
}

/** Whether each of these sees all of these, and nobody else, as up and reachable. */
export function agree(nodes: readonly NodeProcess[]): boolean {
  return nodes.every(({ view: { members, unreachable, converged } }) => {
    const isAsMany = Object.keys(members).length === nodes.length
    return (
      converged &&
      isAsMany &&
      unreachable.length === 0 &&
      nodes.every(({ key }) => members[key] === 'up')
    )
  })
}
