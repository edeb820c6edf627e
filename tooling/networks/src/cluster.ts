import { Lan } from './lan.ts'
import { Node } from './node.ts'
import type { NodeSettings } from './protocol.ts'

const port = 2_551
/** Far more than anything takes: says that something hangs, not that it is slow. */
const patienceMs = 120_000

export interface NetworkOptions {
  readonly transport: NodeSettings['transport']
  /** By host: how many files its process may have open. */
  readonly maxFiles?: Readonly<Record<string, number>>
}

/** Node processes of one cluster, each on a host of its own of one network. Disposed of, nothing is left of it. */
export class NetworkedCluster implements AsyncDisposable {
  readonly lan: Lan
  readonly nodes: Node[] = []
  readonly #checks = new Set<() => void>()

  private constructor(lan: Lan) {
    this.lan = lan
  }

  /** Resolves once all see each other up. */
  static async start(
    hosts: readonly string[],
    { transport, maxFiles = {} }: NetworkOptions,
  ): Promise<NetworkedCluster> {
    const cluster = new NetworkedCluster(await Lan.create(hosts))
    try {
      for (const host of hosts) {
        const settings = { host, port, seedNodes: [`${hosts[0]}:${port}`], transport }
        const changed = (): void => cluster.#changed()
        const namespace = cluster.lan.namespaceOf(host)
        cluster.nodes.push(new Node(namespace, settings, changed, maxFiles[host]))
        if (cluster.nodes.length === 1)
          await cluster.until('the first one began', () => cluster.all(began))
      }
      await cluster.untilWell()
      return cluster
    } catch (error) {
      await cluster[Symbol.asyncDispose]()
      throw error
    }
  }

  node(host: string): Node {
    const node = this.nodes.find((one) => one.host === host)
    if (!node) throw new Error(`There is no node on ${host}.`)
    return node
  }

  all(holds: (node: Node) => boolean): boolean {
    return this.nodes.every(holds)
  }

  /** All see all, up and reachable. */
  async untilWell(): Promise<void> {
    const size = (): number => this.nodes.length
    await this.until('all see all', () =>
      this.all(({ view }) => view.up.length === size() && view.unreachable.length === 0),
    )
  }

  /** So many frames more of one node are answered by another. */
  async untilAnswered(from: string, to: string, more: number): Promise<void> {
    const node = this.node(from)
    const before = node.answered[to] ?? 0
    await this.until(
      `${to} has answered ${from} ${more} times`,
      () => (node.answered[to] ?? 0) >= before + more,
    )
  }

  /** One node has told that, since it had told so much. */
  async untilTold(host: string, what: RegExp, since = 0): Promise<void> {
    const node = this.node(host)
    await this.until(`${host} tells ${what}`, () =>
      node.told.slice(since).some((text) => what.test(text)),
    )
  }

  /** All that matches of what all told. */
  toldOf(what: RegExp): readonly string[] {
    return this.nodes.flatMap(({ told, host }) =>
      told.filter((text) => what.test(text)).map((text) => `${host}: ${text}`),
    )
  }

  until(what: string, holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer)
        this.#checks.delete(check)
      }
      const check = (): void => {
        const failed = this.nodes.find(({ failure }) => failure !== undefined)
        if (failed) {
          settle()
          reject(new Error(`Before ${what}, ${failed.host} failed: ${failed.failure}`))
        } else if (holds()) {
          settle()
          resolve()
        }
      }
      const timer = setTimeout(() => {
        settle()
        reject(new Error(`It did not come about that ${what}.\n${this.describe()}`))
      }, patienceMs)
      this.#checks.add(check)
      check()
    })
  }

  describe(): string {
    return this.nodes.map((node) => node.describe()).join('\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#checks.clear()
    await Promise.all(this.nodes.map((node) => node.stop()))
    await this.lan[Symbol.asyncDispose]()
  }

  #changed(): void {
    for (const check of this.#checks) check()
  }
}

function began({ keys }: Node): boolean {
  return keys.length > 0
}
