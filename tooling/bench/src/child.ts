import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Instruction, Report } from './messages.ts'

const patienceMs = 180_000

/** A process that is told one thing at a time, and answers. Disposed of, it is killed. */
export class Child implements AsyncDisposable {
  readonly #process: ChildProcess

  private constructor(program: string) {
    this.#process = fork(fileURLToPath(new URL(program, import.meta.url)), [], {
      execArgv: [
        '--conditions=@casty/source',
        '--expose-gc',
        ...(process.env['BENCH_NODE_FLAGS']?.split(' ') ?? []),
      ],
    })
  }

  /** @param program - in this folder */
  static async start(program: string): Promise<Child> {
    const child = new Child(program)
    await child.#next('ready')
    return child
  }

  async ask<Type extends Report['type']>(
    instruction: Instruction,
    answer: Type,
  ): Promise<Extract<Report, { readonly type: Type }>> {
    const report = this.#next(answer)
    this.#process.send(instruction)
    return await report
  }

  #next<Type extends Report['type']>(
    type: Type,
  ): Promise<Extract<Report, { readonly type: Type }>> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer)
        this.#process.off('message', received)
        this.#process.off('exit', exited)
      }
      const received = (message: unknown): void => {
        // The programs send nothing but reports.
        const report = message as Report
        if (!isReport(report, type) && report.type !== 'failed') return
        settle()
        if (isReport(report, type)) resolve(report)
        else reject(new Error(`A process was not ${type}: ${JSON.stringify(report)}`))
      }
      const fail = (why: string): void => {
        settle()
        reject(new Error(`A process ${why}, before it was ${type}.`))
      }
      const exited = (): void => fail('ended')
      const timer = setTimeout(() => fail(`said nothing for ${patienceMs} ms`), patienceMs)
      this.#process.on('message', received)
      this.#process.once('exit', exited)
    })
  }

  /** Lets it write down what its flags asked for. */
  async end(): Promise<void> {
    if (this.#hasEnded) return
    const exited = once(this.#process, 'exit')
    this.#process.disconnect()
    await exited
  }

  async kill(): Promise<void> {
    if (this.#hasEnded) return
    const exited = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await exited
  }

  get #hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
  }
}

function isReport<Type extends Report['type']>(
  report: Report,
  type: Type,
): report is Extract<Report, { readonly type: Type }> {
  return report.type === type
}
