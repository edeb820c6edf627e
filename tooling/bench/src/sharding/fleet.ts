import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Instruction, Report } from './messages.ts'

const program = fileURLToPath(new URL('node.program.ts', import.meta.url))
const patienceMs = 180_000
const againMs = 100

/** One node process: one question at a time. */
export class ShardNode {
  readonly #child: ChildProcess
  #reports: Report[] = []
  #changed: () => void = () => {}
  key = ''
  address = ''

  constructor() {
    this.#child = fork(program, [], {
      execArgv: [
        '--conditions=@casty/source',
        '--expose-gc',
        ...(process.env['BENCH_NODE_FLAGS']?.split(' ') ?? []),
      ],
    })
    this.#child.on('message', (message) => {
      // The program sends nothing but reports.
      this.#reports.push(message as Report)
      this.#changed()
    })
    this.#child.once('exit', () => this.#changed())
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  async start(contacts: readonly string[], numShards: number): Promise<void> {
    await this.next('ready')
    const { key, address } = await this.ask({ type: 'start', contacts, numShards }, 'listening')
    this.key = key
    this.address = address
  }

  async ask<Type extends Report['type']>(
    instruction: Instruction,
    answer: Type,
  ): Promise<Extract<Report, { readonly type: Type }>> {
    this.#child.send(instruction)
    return await this.next(answer)
  }

  /** Takes the next report of a type. */
  async next<Type extends Report['type']>(
    type: Type,
  ): Promise<Extract<Report, { readonly type: Type }>> {
    const giveUpAt = performance.now() + patienceMs
    for (;;) {
      const found = this.#reports.find((report) => isReport(report, type))
      if (found && isReport(found, type)) {
        this.#reports = this.#reports.filter((report) => report !== found)
        return found
      }
      const failed = this.#reports.find((report) => isReport(report, 'failed'))
      if (failed || this.#hasEnded || performance.now() > giveUpAt) {
        throw new Error(`A node was not ${type}: ${JSON.stringify(failed ?? this.#reports)}`)
      }
      const timer = new AbortController()
      const waited = pause(1_000, undefined, { signal: timer.signal }).catch(() => {})
      await Promise.race([waited, new Promise<void>((resolve) => (this.#changed = resolve))])
      timer.abort()
    }
  }

  async kill(): Promise<void> {
    if (this.#hasEnded) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}

/** Nodes of one cluster that share shards. Disposed of, it kills them. */
export class ShardFleet implements AsyncDisposable {
  readonly nodes: readonly ShardNode[]

  private constructor(nodes: readonly ShardNode[]) {
    this.nodes = nodes
  }

  /** Resolves once each of them has its share of the shards. */
  static async start(size: number, numShards: number): Promise<ShardFleet> {
    const fleet = new ShardFleet(Array.from({ length: size }, () => new ShardNode()))
    const [seed, ...others] = fleet.nodes
    try {
      await seed?.start([], numShards)
      await Promise.all(others.map((node) => node.start([seed?.address ?? ''], numShards)))
      await fleet.untilEven(fleet.nodes, numShards)
      return fleet
    } catch (error) {
      await fleet[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Resolves once these have equally many, and none moves. */
  async untilEven(nodes: readonly ShardNode[], numShards: number): Promise<void> {
    const most = Math.ceil(numShards / nodes.length)
    const giveUpAt = performance.now() + patienceMs
    for (;;) {
      const owners = await Promise.all(nodes.map(async (node) => await this.ownersSeenBy(node)))
      const areEven = owners.every((seen) =>
        nodes.every(({ key }) => {
          const count = seen.filter((owner) => owner === key).length
          return count > 0 && count <= most
        }),
      )
      if (areEven && owners.flat().every((owner) => owner !== undefined)) return
      if (performance.now() > giveUpAt) throw new Error('The shards are not even.')
      await pause(againMs)
    }
  }

  /** By shard; undefined where it has none, or moves. */
  async ownersSeenBy(node: ShardNode): Promise<readonly (string | undefined)[]> {
    return (await node.ask({ type: 'owners' }, 'owners')).owners
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()))
  }
}

function isReport<Type extends Report['type']>(
  report: Report,
  type: Type,
): report is Extract<Report, { readonly type: Type }> {
  return report.type === type
}
