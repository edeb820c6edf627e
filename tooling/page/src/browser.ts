// A headless browser, driven over the pipe of its debugging protocol: no framework, no port.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { Page } from './page.ts'

const options = [
  '--headless',
  '--no-sandbox', // Which root has to do without.
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--remote-debugging-pipe',
]

/** What the protocol sends: an answer to the command of that id, or an event of a session. */
interface Incoming {
  readonly id?: number
  readonly method?: string
  readonly sessionId?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

/** @see Chrome DevTools Protocol, domains Target and Runtime */
export class Browser implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #profile: string
  readonly #commands: Writable
  readonly #waiting = new Map<number, Waiting>()
  readonly #sessions = new Map<string, (method: string, params: unknown) => void>()
  readonly #ended: Promise<void>
  #lastId = 0
  #rest = ''
  #said = ''

  /**
   * @param program - where Chromium is
   * @param options.trustedKeys - of certificates, by the hash of the key in base64: no others are trusted besides the system's
   */
  constructor(
    program: string,
    { trustedKeys = [] }: { readonly trustedKeys?: readonly string[] } = {},
  ) {
    this.#profile = mkdtempSync(join(tmpdir(), 'casty-page-'))
    const trusting =
      trustedKeys.length > 0
        ? [`--ignore-certificate-errors-spki-list=${trustedKeys.join(',')}`]
        : []
    const args = [...options, ...trusting, `--user-data-dir=${this.#profile}`, 'about:blank']
    this.#child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    })
    // Made by `stdio` above: commands go in at 3, and what comes of them out at 4.
    this.#commands = this.#child.stdio[3] as Writable
    const answers = this.#child.stdio[4] as Readable
    answers.setEncoding('utf8').on('data', (text: string) => this.#received(text))
    this.#commands.on('error', () => {}) // Its end tells why.
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-2_000)
    })
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        for (const { reject } of this.#waiting.values()) reject(this.#gone())
        this.#waiting.clear()
        resolve()
      }
      this.#child.once('close', end).once('error', end)
    })
  }

  /** Opens a page, and resolves once it has loaded. */
  async open(url: string): Promise<Page> {
    // What the protocol answers to these commands.
    const { targetId } = (await this.send('Target.createTarget', { url: 'about:blank' })) as {
      readonly targetId: string
    }
    const attached = await this.send('Target.attachToTarget', { targetId, flatten: true })
    const { sessionId } = attached as { readonly sessionId: string }
    const page = new Page((method, params) => this.send(method, params, sessionId))
    this.#sessions.set(sessionId, (method, params) => page.happened(method, params))
    await page.load(url)
    return page
  }

  send(method: string, params: object = {}, sessionId?: string): Promise<unknown> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        return reject(this.#gone())
      }
      this.#waiting.set(id, { resolve, reject })
      this.#commands.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    })
  }

  #gone(): Error {
    return new Error(`The browser has ended. It said last: ${this.#said}`)
  }

  #received(text: string): void {
    const [first = '', ...others] = text.split('\0')
    const messages = [this.#rest + first, ...others]
    this.#rest = messages.pop() ?? ''
    // The browser sends nothing else over that pipe.
    for (const message of messages) this.#handle(JSON.parse(message) as Incoming)
  }

  #handle({ id, method, sessionId, params, result, error }: Incoming): void {
    if (id === undefined) {
      this.#sessions.get(sessionId ?? '')?.(method ?? '', params)
      return
    }
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error) waiting?.reject(new Error(`The browser refused: ${error.message}`))
    else waiting?.resolve(result)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10 })
  }
}
