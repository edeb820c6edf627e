// One page of a browser, as a test sees it.

/** What a page said on its console, or failed with. */
interface ConsoleCall {
  readonly type: string
  readonly args: readonly { readonly value?: unknown; readonly description?: string }[]
}

interface Evaluated {
  readonly result: { readonly value?: unknown }
  readonly exceptionDetails?: {
    readonly text: string
    readonly exception?: { readonly description?: string }
  }
}

/** Of that much the last is kept, for people. */
const maxLines = 100

export class Page {
  /** What it said last, and what went wrong in it. */
  readonly lines: string[] = []
  readonly #send: (method: string, params: object) => Promise<unknown>
  #loaded = (): void => {}

  constructor(send: (method: string, params: object) => Promise<unknown>) {
    this.#send = send
  }

  async load(url: string): Promise<void> {
    const loaded = new Promise<void>((resolve) => (this.#loaded = resolve))
    await this.#send('Page.enable', {})
    await this.#send('Runtime.enable', {})
    await this.#send('Page.navigate', { url })
    await loaded
  }

  /**
   * What an expression comes to in the page, waited for if it is a promise.
   *
   * Rejects with what it throws there.
   */
  async evaluate(expression: string): Promise<unknown> {
    const parameters = { expression, awaitPromise: true, returnByValue: true }
    // As the protocol has it.
    const evaluated = (await this.#send('Runtime.evaluate', parameters)) as Evaluated
    const { result, exceptionDetails } = evaluated
    if (exceptionDetails === undefined) return result.value
    const { text, exception } = exceptionDetails
    throw new Error(`${exception?.description ?? text}\nThe page said:\n${this.lines.join('\n')}`)
  }

  /** An event of the debugging protocol. */
  happened(method: string, params: unknown): void {
    if (method === 'Page.loadEventFired') this.#loaded()
    if (method === 'Runtime.consoleAPICalled') {
      const { type, args } = params as ConsoleCall // As the protocol has it.
      const words = args.map(({ value, description }) => description ?? JSON.stringify(value))
      this.#note(`${type}: ${words.join(' ')}`)
    }
    if (method === 'Runtime.exceptionThrown') this.#note(`thrown: ${JSON.stringify(params)}`)
  }

  #note(line: string): void {
    if (this.lines.push(line) > maxLines) this.lines.shift()
  }
}
