// Journals in another process, as journals of this one.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FileJournalOptions } from '@casty/journal-file'
import type {
  AppendRequest,
  EventJournal,
  JournalHead,
  JournalLimits,
  ReadOptions,
  StoredEvent,
  StoredSnapshot,
  WriterOptions,
} from '@casty/persistence'

type Todo =
  | { readonly type: 'open'; readonly options: FileJournalOptions }
  | { readonly type: 'close' | 'ids' }
  | { readonly type: 'append'; readonly parameters: Parameters<EventJournal['append']> }
  | { readonly type: 'claim'; readonly parameters: Parameters<EventJournal['claim']> }
  | { readonly type: 'highest'; readonly parameters: Parameters<EventJournal['highest']> }
  | { readonly type: 'events'; readonly parameters: Parameters<EventJournal['events']> }
  | { readonly type: 'deleteEvents'; readonly parameters: Parameters<EventJournal['deleteEvents']> }
  | { readonly type: 'saveSnapshot'; readonly parameters: Parameters<EventJournal['saveSnapshot']> }
  | {
      readonly type: 'latestSnapshot'
      readonly parameters: Parameters<EventJournal['latestSnapshot']>
    }
  | {
      readonly type: 'deleteSnapshots'
      readonly parameters: Parameters<EventJournal['deleteSnapshots']>
    }
  | { readonly type: 'next' | 'leave'; readonly iterator: number }

export interface HostRequest {
  readonly call: number
  readonly journal: number
  readonly todo: Todo
}

export interface HostAnswer {
  readonly call: number
  readonly value?: unknown
  readonly error?: {
    readonly message: string
    readonly code?: string
    readonly [detail: string]: unknown
  }
}

const compileCache = process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'casty-compile-cache')

/** A process with journals. */
export class Host {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (answer: HostAnswer) => void>()
  #calls = 0

  constructor() {
    const program = new URL('./host.program.ts', import.meta.url).pathname
    this.#child = fork(program, {
      execArgv: ['--conditions=@casty/source'],
      // Many are started, one after another.
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
      serialization: 'advanced',
    })
    this.#child.on('message', (message) => {
      // As the program sends it.
      const answer = message as HostAnswer
      this.#waiting.get(answer.call)?.(answer)
      this.#waiting.delete(answer.call)
    })
  }

  get nextCall(): number {
    return this.#calls + 1
  }

  /** Never resolves once the process is killed. */
  async ask(journal: number, todo: Todo): Promise<unknown> {
    const call = ++this.#calls
    const request: HostRequest = { call, journal, todo }
    const { value, error } = await new Promise<HostAnswer>((resolve) => {
      this.#waiting.set(call, resolve)
      this.#child.send(request, () => {}) // Where it cannot be sent, nobody answers either.
    })
    if (error) throw Object.assign(new Error(error.message), error)
    return value
  }

  async open(options: FileJournalOptions): Promise<EventJournal> {
    const key = this.nextCall
    // What a journal has as `limits`.
    const limits = (await this.ask(key, { type: 'open', options })) as JournalLimits
    return new HostedJournal(this, key, limits)
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const closed = once(this.#child, 'close')
    this.#child.kill(signal)
    await closed
  }
}

/** Each `as` below is what the method of the same name in the other process returns. */
class HostedJournal implements EventJournal {
  readonly limits: JournalLimits
  readonly #host: Host
  readonly #key: number

  constructor(host: Host, key: number, limits: JournalLimits) {
    this.#host = host
    this.#key = key
    this.limits = limits
  }

  async append(id: string, request: AppendRequest): Promise<void> {
    await this.#host.ask(this.#key, { type: 'append', parameters: [id, request] })
  }

  async claim(id: string, epoch: number): Promise<JournalHead> {
    const todo: Todo = { type: 'claim', parameters: [id, epoch] }
    return (await this.#host.ask(this.#key, todo)) as JournalHead
  }

  async highest(id: string): Promise<JournalHead> {
    return (await this.#host.ask(this.#key, { type: 'highest', parameters: [id] })) as JournalHead
  }

  events(id: string, { signal, ...options }: ReadOptions = {}): AsyncIterable<StoredEvent> {
    const todo: Todo = { type: 'events', parameters: [id, options] }
    return this.#iterate(todo, signal) as AsyncIterable<StoredEvent>
  }

  async deleteEvents(id: string, toSequenceNr: number, options: WriterOptions = {}): Promise<void> {
    await this.#host.ask(this.#key, {
      type: 'deleteEvents',
      parameters: [id, toSequenceNr, options],
    })
  }

  async saveSnapshot(
    id: string,
    snapshot: StoredSnapshot,
    options: WriterOptions = {},
  ): Promise<void> {
    await this.#host.ask(this.#key, { type: 'saveSnapshot', parameters: [id, snapshot, options] })
  }

  async latestSnapshot(id: string, atMost = Infinity): Promise<StoredSnapshot | undefined> {
    const todo: Todo = { type: 'latestSnapshot', parameters: [id, atMost] }
    return (await this.#host.ask(this.#key, todo)) as StoredSnapshot | undefined
  }

  async deleteSnapshots(
    id: string,
    toSequenceNr: number,
    options: WriterOptions = {},
  ): Promise<void> {
    await this.#host.ask(this.#key, {
      type: 'deleteSnapshots',
      parameters: [id, toSequenceNr, options],
    })
  }

  ids({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterable<string> {
    return this.#iterate({ type: 'ids' }, signal) as AsyncIterable<string>
  }

  async *#iterate(todo: Todo, signal: AbortSignal | undefined): AsyncGenerator<unknown, void> {
    signal?.throwIfAborted()
    const iterator = this.#host.nextCall
    await this.#host.ask(this.#key, todo)
    try {
      for (;;) {
        signal?.throwIfAborted()
        const next = await this.#host.ask(this.#key, { type: 'next', iterator })
        const { done, value } = next as IteratorResult<unknown>
        if (done) return
        yield value
      }
    } finally {
      await this.#host.ask(this.#key, { type: 'leave', iterator })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host.ask(this.#key, { type: 'close' })
  }
}
