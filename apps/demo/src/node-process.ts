import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Ending, Failure } from './news.ts'
import { isReport, type Instruction, type Report } from './protocol.ts'

const program = fileURLToPath(new URL('node-program.ts', import.meta.url))

export interface NodeProcessListener {
  reported(report: Report): void
  ended(ending: Ending, failure: Failure | undefined): void
}

/**
 * One forked process. Between `pause` and `resume` it is stopped by the system; whatever becomes of
 * it, `ended` is called exactly once, after it is gone.
 */
export class NodeProcess {
  readonly pid: number
  readonly #child: ChildProcess
  #expected: Ending = 'failed'
  #failure: Failure | undefined
  #isPaused = false
  #hasEnded = false

  /** @throws Error when the system does not start another process */
  constructor(listener: NodeProcessListener) {
    // Advanced serialization keeps an infinite φ. What a node prints is a fault, and shown as one.
    const child = fork(program, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
    })
    if (child.pid === undefined) {
      child.on('error', () => {}) // Says the same again.
      throw new Error('The system does not start another process.')
    }
    this.pid = child.pid
    this.#child = child
    child.on('error', () => {}) // A signal or message that found nobody: `exit` tells why.
    child.on('message', (message) => {
      if (!isReport(message)) return
      if (message.type === 'left') this.#expected = 'left'
      if (message.type === 'failed') this.#failure = message
      listener.reported(message)
    })
    // `close` follows `exit` once the last report has been read.
    child.on('exit', (code, signal) => {
      this.#hasEnded = true
      const tell = (): void => this.#tell(listener, code, signal)
      if (child.connected) child.once('disconnect', tell)
      else tell()
    })
  }

  #tell(listener: NodeProcessListener, code: number | null, signal: string | null): void {
    if (this.#expected !== 'failed') {
      listener.ended(this.#expected, undefined)
      return
    }
    const message = `It ended unexpectedly (${signal ?? `exit code ${code}`}).`
    listener.ended('failed', this.#failure ?? { code: undefined, message })
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  send(instruction: Instruction): void {
    if (this.#child.connected) this.#child.send(instruction, () => {})
  }

  /** `kill -9`: the process gets no chance to say anything. */
  kill(): void {
    this.#expected = 'killed'
    this.#child.kill('SIGKILL')
  }

  pause(): void {
    this.#isPaused = this.#child.kill('SIGSTOP')
  }

  resume(): void {
    this.#child.kill('SIGCONT')
    this.#isPaused = false
  }

  /** Ends the process: asks it to, and after `patienceMs` no longer asks. */
  async stop(patienceMs: number): Promise<void> {
    if (this.#hasEnded) return
    const ended = once(this.#child, 'exit')
    this.#expected = 'stopped'
    this.#child.kill('SIGTERM')
    this.resume() // A stopped process hears no signal but this one and SIGKILL.
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs)
    await ended
    clearTimeout(timer)
  }

  /** For the last moment of the demo, when nothing can be awaited any more. */
  killNow(): void {
    if (!this.#hasEnded) this.#child.kill('SIGKILL')
  }
}
