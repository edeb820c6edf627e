import { fork, type ChildProcess } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Place } from './network.ts'
import type { NodeEvent, NodeSettings, Report, View } from './protocol.ts'

const program = fileURLToPath(new URL('node.program.ts', import.meta.url))

/** Compiled sources are kept between processes: those that start at once then do so in a fraction of the time. */
const compileCache = process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'casty-compile-cache')

const nothing: View = { clusterId: '', members: {}, unreachable: [], converged: false }

/** The process of one node, what its lives reported, and what can be done to it. */
export class NodeProcess {
  readonly #child: ChildProcess
  readonly #reports: Report[] = []
  #view = nothing
  #hasEnded = false

  /** @param changed - called after every report, and when the process has ended */
  constructor(settings: NodeSettings, { command }: Place, changed: () => void) {
    const [execPath, ...before] = [...command, process.execPath]
    this.#child = fork(program, [JSON.stringify(settings)], {
      ...(execPath !== undefined && { execPath }),
      execArgv: [...before, '--conditions=@casty/source'],
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    })
    this.#child.on('message', (message) => {
      // The program sends nothing but reports.
      this.#take(message as Report)
      changed()
    })
    this.#child.once('exit', () => {
      this.#hasEnded = true
      changed()
    })
  }

  #take(report: Report): void {
    if (report.type === 'view') this.#view = report.view
    else this.#reports.push(report)
    if (report.type === 'life-began') this.#view = nothing
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** The key of each life, in order. */
  get lives(): readonly string[] {
    return this.#reportsOf('life-began').map(({ key }) => key)
  }

  /** `host:port`, of all lives. Only once it listens. */
  get address(): string {
    const [first] = this.#reportsOf('life-began')
    if (!first) throw new Error(`Process ${this.pid} does not listen.`)
    return first.address
  }

  /** Of the present life. */
  get key(): string {
    return this.lives.at(-1) ?? ''
  }

  /** How the cluster looked to the present life last. */
  get view(): View {
    return this.#view
  }

  /** Those of all lives. */
  get events(): readonly NodeEvent[] {
    return this.#reportsOf('event').map(({ event }) => event)
  }

  /** The subjects of events of a type, in order. */
  subjectsOf(type: NodeEvent['type']): readonly string[] {
    return this.events.flatMap((event) => (event.type === type ? (event.subject ?? []) : []))
  }

  /** When it first reported that; infinity where it did not. */
  atMs(type: NodeEvent['type'], subject: string): number {
    const found = this.events.find((event) => event.type === type && event.subject === subject)
    return found?.atMs ?? Number.POSITIVE_INFINITY
  }

  explain(): void {
    this.#child.send({ type: 'explain' })
  }

  /** SIGKILL ends it, SIGSTOP and SIGCONT make it stand still and go on. */
  send(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }

  /** Everything that helps to see why something did not come about. */
  describe(): string {
    const { signalCode, exitCode } = this.#child
    return [
      `${this.key}, process ${this.pid} ${this.#hasEnded ? `ended (${signalCode ?? exitCode})` : 'runs'}`,
      `  view ${JSON.stringify(this.#view)}`,
      ...this.#reports.slice(-15).map((report) => `  ${JSON.stringify(report)}`),
    ].join('\n')
  }

  #reportsOf<Type extends Report['type']>(
    type: Type,
  ): readonly Extract<Report, { readonly type: Type }>[] {
    return this.#reports.filter((report) => isReport(report, type))
  }
}

function isReport<Type extends Report['type']>(
  report: Report,
  type: Type,
): report is Extract<Report, { readonly type: Type }> {
  return report.type === type
}
