import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const patienceMs = 180_000

/** What every program says when all its code is loaded, and when it cannot go on. */
export type ChildReport =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string }

/** Any of the reports of a process. */
interface Said {
  readonly type: string
}

/** A process that is told one thing at a time, and answers. Disposed of, it ends. */
export class Child<Instruction extends object, Report extends Said> implements AsyncDisposable {
  readonly #process: ChildProcess

  private constructor(program: URL) {
    this.#process = fork(fileURLToPath(program), [], {
      execArgv: [
        '--conditions=@casty/source',
        '--expose-gc',
        ...(process.env['BENCH_NODE_FLAGS']?.split(' ') ?? []),
      ],
    })
  }

  /** Resolves once its code is loaded. */
  static async start<Instruction extends object, Report extends Said>(
    program: URL,
  ): Promise<Child<Instruction, Report>> {
    const child = new Child<Instruction, Report>(program)
    await child.#next('ready')
    return child
  }

  async ask<Type extends Report['type']>(
    instruction: Instruction,
    answer: Type,
  ): Promise<Extract<Report, { readonly type: Type }>> {
    const report = this.#next(answer)
    this.#process.send(instruction)
    // Its type is the one that was waited for.
    return (await report) as Extract<Report, { readonly type: Type }>
  }

  #next(type: string): Promise<Said> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer)
        this.#process.off('message', received)
        this.#process.off('exit', exited)
      }
      const received = (message: unknown): void => {
        // The programs send nothing but reports.
        const report = message as Said
        if (report.type !== type && report.type !== 'failed') return
        settle()
        if (report.type === type) resolve(report)
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
