// The processes of the nodes.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { NodeReport } from './protocol.ts'

const program = fileURLToPath(new URL('node.program.ts', import.meta.url))

/** Compiled sources are kept between processes: those that start at once then do so in a fraction of the time. */
const compileCache = process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'casty-compile-cache')

/** One process, and what it told. */
export class NodeProcess {
  readonly #child: ChildProcess
  readonly #reports: NodeReport[] = []
  #changed = (): void => {}

  constructor(args: readonly string[]) {
    this.#child = fork(program, [...args], {
      execArgv: ['--conditions=@casty/source'],
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    })
    this.#child.on('message', (message) => {
      this.#reports.push(message as NodeReport) // The program sends nothing else.
      this.#changed()
    })
    this.#child.once('exit', () => this.#changed())
  }

  async told<T extends NodeReport['type']>(
    type: T,
  ): Promise<Extract<NodeReport, { readonly type: T }>> {
    for (;;) {
      for (const report of this.#reports) {
        if (report.type === 'failed') throw new Error(report.message)
        // Its type was compared.
        if (report.type === type) return report as Extract<NodeReport, { readonly type: T }>
      }
      if (this.#hasEnded) throw new Error(`The process of a node has ended before it was ${type}.`)
      await new Promise<void>((resolve) => (this.#changed = resolve))
    }
  }

  async kill(): Promise<void> {
    if (this.#hasEnded) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }

  async leave(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.send('leave')
    await ended
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }
}

/** Nodes of one cluster, by their keys. */
export class Nodes implements AsyncDisposable {
  readonly #processes = new Map<string, NodeProcess>()
  readonly addresses: string[] = []

  /** @param origin - of the pages that may connect */
  static async start(count: number, origin: string): Promise<Nodes> {
    const nodes = new Nodes()
    try {
      const first = await nodes.#begin(origin, count, [])
      const others = Array.from({ length: count - 1 }, () => nodes.#begin(origin, count, [first]))
      await Promise.all(others)
      await Promise.all([...nodes.#processes.values()].map((node) => node.told('up')))
      return nodes
    } catch (error) {
      await nodes[Symbol.asyncDispose]()
      throw error
    }
  }

  async #begin(origin: string, count: number, seeds: readonly string[]): Promise<string> {
    const node = new NodeProcess([origin, String(count), ...seeds])
    const { address, key } = await node.told('listens')
    this.#processes.set(key, node)
    this.addresses.push(address)
    return address
  }

  get keys(): readonly string[] {
    return [...this.#processes.keys()]
  }

  async kill(key: string): Promise<void> {
    await this.#processes.get(key)?.kill()
    this.#processes.delete(key)
  }

  /** Has one leave in good order. */
  async leave(key: string): Promise<void> {
    await this.#processes.get(key)?.leave()
    this.#processes.delete(key)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#processes.values()].map((node) => node.kill()))
  }
}
