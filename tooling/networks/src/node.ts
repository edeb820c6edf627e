import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Instruction, NodeSettings, Report, View } from './protocol.ts'

const program = fileURLToPath(new URL('node.program.ts', import.meta.url))

/** One process of a node, in a namespace, and what it told. */
export class Node {
  readonly host: string
  /** In short words, oldest first: `closed data b silent`, `member-unreachable c`. */
  readonly told: string[] = []
  readonly keys: string[] = []
  view: View = { up: [], unreachable: [] }
  answered: Readonly<Record<string, number>> = {}
  openFiles = 0
  localFailures = 0
  readonly #child: ChildProcess
  #failure: string | undefined

  /** @param maxFiles - that the process may have open; as many as this one may, where it is not given */
  constructor(namespace: string, settings: NodeSettings, changed: () => void, maxFiles?: number) {
    this.host = settings.host
    const node = [process.execPath, '--conditions=@casty/source', program, JSON.stringify(settings)]
    const bounded = [
      'sh',
      '-c',
      `ulimit -n ${maxFiles ?? '$(ulimit -n)'} && exec "$@"`,
      'sh',
      ...node,
    ]
    this.#child = spawn('ip', ['netns', 'exec', namespace, ...bounded], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child.on('message', (message) => {
      // The program sends nothing but reports.
      this.#take(message as Report | { readonly type: 'failed'; readonly message: string })
      changed()
    })
    this.#child.once('exit', (code, signal) => {
      this.#failure ??= `it ended (${signal ?? code})`
      changed()
    })
  }

  /** Why nothing more is to be expected of it. */
  get failure(): string | undefined {
    return this.#failure
  }

  instruct(instruction: Instruction): void {
    this.#child.send(instruction, () => {})
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await ended
  }

  describe(): string {
    const { up, unreachable } = this.view
    return [
      `${this.host} ${this.#failure ?? 'runs'}: up ${up.join(' ')}; unreachable ${unreachable.join(' ')}`,
      `  answered ${JSON.stringify(this.answered)}, open files ${this.openFiles}, local failures ${this.localFailures}`,
      ...this.told.slice(-12).map((what) => `  ${what}`),
    ].join('\n')
  }

  #take(report: Report | { readonly type: 'failed'; readonly message: string }): void {
    switch (report.type) {
      case 'began':
        this.keys.push(report.key)
        return
      case 'view':
        this.view = report.view
        return
      case 'told':
        this.told.push(report.what)
        return
      case 'counts':
        this.answered = report.answered
        this.openFiles = report.openFiles
        this.localFailures = report.localFailures
        return
      case 'failed':
        this.#failure = report.message
    }
  }
}
