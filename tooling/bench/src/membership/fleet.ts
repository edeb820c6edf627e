import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Instruction, Report, Use } from './messages.ts'

const program = fileURLToPath(new URL('node.program.ts', import.meta.url))
const patienceMs = 60_000

/** One node process of a fleet. */
export class FleetNode {
  readonly #child: ChildProcess
  readonly #reports: Report[] = []
  readonly #changed: () => void

  constructor(changed: () => void) {
    this.#changed = changed
    this.#child = fork(program, [], {
      execArgv: [
        '--conditions=@casty/source',
        ...(process.env['BENCH_NODE_FLAGS']?.split(' ') ?? []),
      ],
    })
    this.#child.on('message', (message) => {
      // The program sends nothing but reports.
      this.#reports.push(message as Report)
      changed()
    })
    this.#child.once('exit', changed)
  }

  tell(instruction: Instruction): void {
    this.#child.send(instruction)
  }

  /** The first report of a type that fits. */
  find<Type extends Report['type']>(
    type: Type,
    fits: (report: Extract<Report, { readonly type: Type }>) => boolean = () => true,
  ): Extract<Report, { readonly type: Type }> | undefined {
    return this.#reports.filter((report) => isReport(report, type)).find(fits)
  }

  get isReady(): boolean {
    return this.find('ready') !== undefined
  }

  get listening(): Extract<Report, { readonly type: 'listening' }> | undefined {
    return this.find('listening')
  }

  get address(): string {
    return this.listening?.address ?? ''
  }

  get key(): string {
    return this.listening?.key ?? ''
  }

  /** How many members it sees as up, and since when. */
  get up(): Extract<Report, { readonly type: 'up' }> | undefined {
    return this.#reports.filter((report) => isReport(report, 'up')).at(-1)
  }

  /** When it first found the other unreachable after an instant. */
  unreachableAt(key: string, after: number): number | undefined {
    return this.find('unreachable', (report) => report.key === key && report.at > after)?.at
  }

  removedAt(key: string): number | undefined {
    return this.find('removed', (report) => report.key === key)?.at
  }

  /** When it learned that the cluster decided against it. */
  get downedAt(): number | undefined {
    return this.find('self-downed')?.at
  }

  /** The use that it reported last; `tell({ type: 'use' })` asks for another. */
  get uses(): readonly Use[] {
    return this.#reports.filter((report) => isReport(report, 'use')).map(({ use }) => use)
  }

  get failure(): string | undefined {
    const hasEnded = this.#child.exitCode !== null || this.#child.signalCode !== null
    return this.find('failed')?.message ?? (hasEnded ? 'it has ended' : undefined)
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.signal('SIGKILL')
    await exited
    this.#changed()
  }
}

/** The node processes of one cluster. Disposed of, it kills them all. */
export class Fleet implements AsyncDisposable {
  readonly #nodes: FleetNode[] = []
  readonly #checks = new Set<() => void>()

  /** Processes that have loaded everything, and started nothing yet. */
  async prepare(count: number): Promise<readonly FleetNode[]> {
    const nodes = Array.from({ length: count }, () => {
      return new FleetNode(() => {
        for (const check of this.#checks) check()
      })
    })
    this.#nodes.push(...nodes)
    await this.until('processes are ready', nodes, () => nodes.every(({ isReady }) => isReady))
    return nodes
  }

  /**
   * Starts the first, and then all the others at once, each with the first as its contact.
   *
   * @param relay - to dial through, with split-brain resolution; directly and without, if absent
   */
  async start(nodes: readonly FleetNode[], relay?: string): Promise<void> {
    const [seed, ...joiners] = nodes
    if (!seed) return
    const common = { type: 'start', port: 0, ...(relay !== undefined && { relay }) } as const
    seed.tell({ ...common, contacts: [] })
    await this.untilListening([seed])
    for (const joiner of joiners) joiner.tell({ ...common, contacts: [seed.address] })
    await this.untilListening(joiners)
  }

  async untilListening(nodes: readonly FleetNode[]): Promise<void> {
    await this.until('nodes listen', nodes, () => nodes.every(({ listening }) => listening))
  }

  /** @returns when the last of these saw all of these as up */
  async untilAllUp(nodes: readonly FleetNode[]): Promise<number> {
    await this.until(`${nodes.length} nodes are up`, nodes, () =>
      nodes.every(({ up }) => up?.count === nodes.length),
    )
    return Math.max(...nodes.map(({ up }) => up?.at ?? 0))
  }

  /** Starts a cluster and waits until all is up. */
  async run(count: number, relay?: string): Promise<readonly FleetNode[]> {
    const nodes = await this.prepare(count)
    await this.start(nodes, relay)
    await this.untilAllUp(nodes)
    return nodes
  }

  /** @returns when the last of `observers` found the other unreachable */
  async untilUnreachable(
    observers: readonly FleetNode[],
    key: string,
    after: number,
  ): Promise<number> {
    return await this.untilAll(`${key} is unreachable`, observers, (observer) =>
      observer.unreachableAt(key, after),
    )
  }

  /** @returns the last of the instants, once each of these has one */
  async untilAll(
    what: string,
    nodes: readonly FleetNode[],
    instantOf: (node: FleetNode) => number | undefined,
  ): Promise<number> {
    await this.until(what, nodes, () => nodes.every((node) => instantOf(node) !== undefined))
    return Math.max(...nodes.map((node) => instantOf(node) ?? 0))
  }

  /** What each of these has used up to now. */
  async uses(nodes: readonly FleetNode[]): Promise<readonly Use[]> {
    const asked = nodes.map((node) => node.uses.length)
    for (const node of nodes) node.tell({ type: 'use' })
    await this.until('all tell what they used', nodes, () =>
      nodes.every((node, index) => node.uses.length > (asked[index] ?? 0)),
    )
    return nodes.flatMap((node) => node.uses.at(-1) ?? [])
  }

  /** Resolves once `holds` does; rejects when one of these ends or fails before. */
  async until(what: string, nodes: readonly FleetNode[], holds: () => boolean): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    let check = (): void => {}
    try {
      await new Promise<void>((resolve, reject) => {
        check = () => {
          const failure = nodes.find((node) => node.failure !== undefined)?.failure
          if (failure !== undefined) reject(new Error(`Before ${what}, one failed: ${failure}`))
          else if (holds()) resolve()
        }
        const giveUp = (): void => reject(new Error(`In vain: ${what}, for ${patienceMs} ms.`))
        timer = setTimeout(giveUp, patienceMs)
        this.#checks.add(check)
        check()
      })
    } finally {
      clearTimeout(timer)
      this.#checks.delete(check)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.kill()))
  }
}

function isReport<Type extends Report['type']>(
  report: Report,
  type: Type,
): report is Extract<Report, { readonly type: Type }> {
  return report.type === type
}
