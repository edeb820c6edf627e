const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/** The wish of somebody outside that the run ends now. */
export interface Interruption {
  readonly message: string
  readonly exitCode: number
}

/**
 * Aborts the signal when the system asks the demo to end. Asked twice, the demo does not wait for
 * anything: what is left of it is killed as the process exits.
 */
export class InterruptionGuard implements Disposable {
  readonly #controller = new AbortController()
  readonly #handlers = Object.entries(exitCodes).map(([signal, code]) => {
    const handler = (): void => this.#interrupt(signal, code)
    process.on(signal, handler)
    return { signal, handler }
  })
  #interruption: Interruption | undefined

  constructor() {
    process.stdout.on('error', () => this.#interrupt('the end of its output', exitCodes.SIGHUP))
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Why the signal is aborted; undefined while it is not. */
  get interruption(): Interruption | undefined {
    return this.#interruption
  }

  #interrupt(what: string, exitCode: number): void {
    if (this.#interruption) process.exit(exitCode)
    const message = `Interrupted by ${what}; every process has been ended.`
    this.#interruption = { message, exitCode }
    this.#controller.abort()
  }

  [Symbol.dispose](): void {
    for (const { signal, handler } of this.#handlers) process.off(signal, handler)
  }
}
