import { fork, type ChildProcess } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Instruction, NodeEvent, NodeSettings, Report, View } from './protocol.ts'

const program = fileURLToPath(new URL('node.program.ts', import.meta.url))

/** Compiled sources are kept between processes: twenty that start at once then take 2 s, not 12. */
const compileCache = process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'casty-compile-cache')

const nothing: View = {
  clusterId: '',
  members: {},
  unreachable: [],
  accusations: [],
  leader: undefined,
  converged: false,
}

/** One life of one node: a process, what it reported, and what can be done to it. */
export class NodeProcess {
  readonly settings: NodeSettings
  readonly #child: ChildProcess
  readonly #changed: () => void
  readonly #reports: Report[] = []
  #view: View = nothing
  #hasEnded = false

  /** @param changed - called after every report, and when the process has ended */
  constructor(settings: NodeSettings, changed: () => void) {
    this.settings = settings
    this.#changed = changed
    this.#child = fork(program, [JSON.stringify(settings)], {
      execArgv: ['--conditions=@casty/source'],
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    })
    this.#child.on('message', (message) => {
      // The program sends nothing but reports.
      this.#take(message as Report)
    })
    this.#child.once('exit', () => {
      this.#hasEnded = true
      changed()
    })
  }

  #take(report: Report): void {
    if (report.type === 'view') this.#view = report.view
    this.#reports.push(report)
    this.#changed()
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** What ended it, where a signal did. */
  get signal(): string | null {
    return this.#child.signalCode
  }

  /** Where it listens; undefined until it does. */
  get listening(): Extract<Report, { readonly type: 'listening' }> | undefined {
    return this.reportsOf('listening')[0]
  }

  /** `host:port`. Only once it listens. */
  get address(): string {
    const { listening } = this
    if (!listening) throw new Error(`Process ${this.pid} does not listen.`)
    return listening.address
  }

  get port(): number {
    return Number(this.address.slice(this.address.lastIndexOf(':') + 1))
  }

  /** `host:port#incarnation`, under which it is a member. Only once it listens. */
  get key(): string {
    return `${this.address}#${this.listening?.incarnation}`
  }

  /** How the cluster looked to it last. */
  get view(): View {
    return this.#view
  }

  /** Every view that it ever reported. */
  get views(): readonly View[] {
    return this.reportsOf('view').map(({ view }) => view)
  }

  get events(): readonly NodeEvent[] {
    return this.reportsOf('event').map(({ event }) => event)
  }

  reportsOf<Type extends Report['type']>(
    type: Type,
  ): readonly Extract<Report, { readonly type: Type }>[] {
    return this.#reports.filter((report) => isReport(report, type))
  }

  tell(instruction: Instruction): void {
    this.#child.send(instruction)
  }

  /** SIGKILL and SIGTERM end it, SIGSTOP and SIGCONT make it stand still and go on. */
  send(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }

  /** Lets go of the process, as the end of its supervisor would. */
  disconnect(): void {
    this.#child.disconnect()
  }

  /** Everything that helps to see why something did not come about. */
  describe(): string {
    const state = this.#hasEnded ? `ended (${this.signal ?? this.#child.exitCode})` : 'runs'
    const tail = this.#reports.filter(({ type }) => type !== 'view').slice(-15)
    const explained = this.reportsOf('explanation').at(-1)?.text ?? 'gave no explanation'
    return [
      `${this.listening ? this.key : 'not listening'}, process ${this.pid} ${state}`,
      `  view ${JSON.stringify(this.#view)}`,
      ...tail
        .filter(({ type }) => type !== 'explanation')
        .map((report) => `  ${JSON.stringify(report)}`),
      `  ${explained}`,
    ].join('\n')
  }
}

function isReport<Type extends Report['type']>(
  report: Report,
  type: Type,
): report is Extract<Report, { readonly type: Type }> {
  return report.type === type
}
