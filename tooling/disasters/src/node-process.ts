import { fork, type ChildProcess } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { History, VersionedInput, VersionedOutput } from '@casty/simulation/linearizability'
import type { Answer, Instruction, NodeSettings, Question, Report, View } from './protocol.ts'
import type { Act, ActOutcome } from './structures/acts.ts'
import type { Holdings } from './structures/holdings.ts'

const program = fileURLToPath(new URL('node.program.ts', import.meta.url))

/** Compiled sources are kept between processes: those that start at once then do so in a fraction of the time. */
const compileCache = process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'casty-compile-cache')

const nothing: View = { up: [], memberCount: 0, coordinator: undefined, owners: [] }

/** One process of a node, what its lives reported, and what can be done to it. */
export class NodeProcess {
  readonly settings: NodeSettings
  readonly #child: ChildProcess
  readonly #reports: Report[] = []
  readonly #questions = new Map<number, (answer: Answer | undefined) => void>()
  readonly #uses = new Map<number, (outcome: ActOutcome | undefined) => void>()
  readonly #holdings: Holdings | undefined
  readonly #reads: Extract<Report, { readonly type: 'read' }>[] = []
  #view = nothing
  #asked = 0
  #hasEnded = false

  /**
   * @param changed - called after every report, and when the process has ended
   * @param holdings - told of what it holds, and the resource that it writes to
   */
  constructor(settings: NodeSettings, changed: () => void, holdings?: Holdings) {
    this.settings = settings
    this.#holdings = holdings
    this.#child = fork(program, [JSON.stringify(settings)], {
      execArgv: ['--conditions=@casty/source'],
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    })
    this.#child.on('message', (message) => {
      // The program sends nothing but reports.
      if (this.#take(message as Report)) changed()
    })
    this.#child.once('exit', () => {
      this.#hasEnded = true
      for (const answered of this.#questions.values()) answered(undefined)
      this.#questions.clear()
      for (const used of this.#uses.values()) used(undefined)
      this.#uses.clear()
      changed()
    })
  }

  /** @returns whether anybody who waits for something should look */
  #take(report: Report): boolean {
    switch (report.type) {
      case 'answered':
        this.#answered(report.id, report.answer)
        return false
      case 'not-answered':
        this.#answered(report.id, undefined)
        this.#reports.push(report)
        return false
      case 'read':
        this.#reads.push(report)
        return false
      case 'used':
        this.#uses.get(report.id)?.(report.outcome)
        this.#uses.delete(report.id)
        return false
      case 'granted':
        this.#holdings?.granted(report.grant, `process ${this.pid}`)
        return true
      case 'believes':
        this.#holdings?.believes(report.belief)
        return true
      case 'writes': {
        const isTaken = this.#holdings?.write(report.key, report.fence) === true
        this.#instruct({ type: 'written', id: report.id, isTaken })
        return true
      }
      case 'view':
        this.#view = report.view
        return true
      case 'life-began':
        this.#view = nothing
        break
      default:
    }
    this.#reports.push(report)
    return true
  }

  #answered(id: number, answer: Answer | undefined): void {
    this.#questions.get(id)?.(answer)
    this.#questions.delete(id)
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

  get port(): number {
    return Number(this.address.slice(this.address.lastIndexOf(':') + 1))
  }

  /** Of the present life. */
  get key(): string {
    return this.lives.at(-1) ?? ''
  }

  /** How all looked to the present life last. */
  get view(): View {
    return this.#view
  }

  /** Whether nobody knows what became of some questions, and why. */
  get unanswered(): readonly string[] {
    return this.#reportsOf('not-answered').map(({ why }) => why)
  }

  /** What the node itself has read of the entities that it had. */
  get reads(): History<VersionedInput, VersionedOutput> {
    return this.#reads.map(({ entityId, answer, invokedAt, completedAt }) => ({
      client: `node ${this.pid}`,
      key: entityId,
      input: { type: 'read' },
      invokedAt,
      outcome: { type: 'ok', output: answer, completedAt },
    }))
  }

  /** Asks an entity through this node. @returns undefined where there was no answer, or the process has ended */
  ask(entityId: string, question: Question): Promise<Answer | undefined> {
    if (this.#hasEnded || !this.#child.connected) return Promise.resolve(undefined)
    const id = this.#asked++
    return new Promise((resolve) => {
      this.#questions.set(id, resolve)
      this.#instruct({ type: 'ask', id, entityId, question })
    })
  }

  /** Has it use a structure. @returns undefined where nobody knows how that ended */
  use(act: Act): Promise<ActOutcome | undefined> {
    if (this.#hasEnded || !this.#child.connected) return Promise.resolve(undefined)
    const id = this.#asked++
    return new Promise((resolve) => {
      this.#uses.set(id, resolve)
      this.#instruct({ type: 'use', id, act })
    })
  }

  leave(): void {
    this.#instruct({ type: 'leave' })
  }

  explain(): void {
    this.#instruct({ type: 'explain' })
  }

  /** What cannot be sent has met the end of the process, which answers. */
  #instruct(instruction: Instruction): void {
    this.#child.send(instruction, () => {})
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
      ...this.#reports.slice(-8).map((report) => `  ${JSON.stringify(report)}`),
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
