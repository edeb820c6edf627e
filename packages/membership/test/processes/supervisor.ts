import { NodeProcess } from './node-process.ts'
import type { NodeSettings } from './protocol.ts'

/**
 * Far more than anything takes: says that something hangs, not that it is slow. On a busy machine nodes
 * doubt themselves, and then take up to nine times as long to suspect a silent one.
 */
const patienceMs = 90_000
const explainMs = 1_000

const defaults: NodeSettings = {
  name: 'casty',
  port: 0,
  contacts: { type: 'list', addresses: [] },
  minMembers: 1,
}

/** Every process that was started here and still runs: they must not outlive this one. */
const running = new Set<NodeProcess>()
process.on('exit', () => {
  for (const node of running) node.send('SIGKILL')
})

/**
 * Starts node processes, and waits until what they report is what is expected. Disposed of, it kills
 * all that still run, also those that stand still, and waits until they are gone.
 */
export class Supervisor implements AsyncDisposable {
  readonly #nodes: NodeProcess[] = []
  readonly #checks = new Set<() => void>()

  /** Starts a process, and resolves once its node listens. */
  async start(settings: Partial<NodeSettings> = {}): Promise<NodeProcess> {
    const node = this.fork(settings)
    await this.until('a node listens', () => node.listening !== undefined, [node])
    return node
  }

  /** Starts a process and does not wait for it. */
  fork(settings: Partial<NodeSettings> = {}): NodeProcess {
    const node = new NodeProcess({ ...defaults, ...settings }, () => this.#changed(node))
    this.#nodes.push(node)
    running.add(node)
    return node
  }

  /** A first node that forms a cluster, and others that join through it, all of them up everywhere. */
  async startCluster(size: number): Promise<readonly NodeProcess[]> {
    const seed = await this.start()
    const joiners = await Promise.all(
      Array.from({ length: size - 1 }, () => this.start({ contacts: contactsOf(seed) })),
    )
    const nodes = [seed, ...joiners]
    await this.untilAllUp(nodes)
    return nodes
  }

  /** Resolves once each of these sees all of these, and nobody else, as up and reachable. */
  async untilAllUp(nodes: readonly NodeProcess[]): Promise<void> {
    await this.until(`${nodes.length} nodes are up everywhere`, () => areAllUp(nodes), nodes)
  }

  /** Resolves once the process is gone. */
  async untilEnded(node: NodeProcess): Promise<void> {
    await this.until(`process ${node.pid} ends`, () => node.hasEnded, [])
  }

  /**
   * Resolves once `holds` does; it is asked again after every report.
   *
   * @param alive - nodes that must not end meanwhile
   */
  async until(
    what: string,
    holds: () => boolean,
    alive: readonly NodeProcess[] = [],
  ): Promise<void> {
    try {
      await this.#promise(what, holds, alive)
    } catch (error) {
      throw await this.#explained(error)
    }
  }

  #promise(what: string, holds: () => boolean, alive: readonly NodeProcess[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer)
        this.#checks.delete(check)
        act()
      }
      const fail = (why: string): void => settle(() => reject(new Error(why)))
      const check = (): void => {
        const ended = alive.find(({ hasEnded }) => hasEnded)
        if (holds()) settle(resolve)
        else if (ended) fail(`While waiting until ${what}, one ended: ${ended.describe()}`)
      }
      const timer = setTimeout(() => fail(`Waited in vain until ${what}.`), patienceMs)
      this.#checks.add(check)
      check()
    })
  }

  /** The error with what every node has to say about it. */
  async #explained(error: unknown): Promise<Error> {
    const alive = this.#nodes.filter(({ hasEnded }) => !hasEnded)
    for (const node of alive) node.tell({ type: 'explain' })
    await new Promise((resolve) => setTimeout(resolve, explainMs))
    const described = alive.map((node) => node.describe()).join('\n')
    return new Error(`${error instanceof Error ? error.message : String(error)}\n${described}`)
  }

  #changed(node: NodeProcess): void {
    if (node.hasEnded) running.delete(node)
    for (const check of this.#checks) check()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.#nodes) if (!node.hasEnded) node.send('SIGKILL')
    for (const node of this.#nodes) await this.untilEnded(node)
  }
}

export function contactsOf(...nodes: readonly NodeProcess[]): NodeSettings['contacts'] {
  return { type: 'list', addresses: nodes.map(({ address }) => address) }
}

/** Whether each of these sees all of these, and nobody else, as up and reachable. */
export function areAllUp(nodes: readonly NodeProcess[]): boolean {
  return nodes.every((node) => {
    const { members, unreachable, converged } = node.view
    return (
      converged &&
      unreachable.length === 0 &&
      Object.keys(members).length === nodes.length &&
      nodes.every((other) => members[other.key] === 'up')
    )
  })
}
