// Changes of one or many parts as they happen, for one watcher. Changes are told at most once, and are numbered: whoever
// misses one, or meets another owner of a part, is told so.
import type { Clock } from '@casty/clock'
import type { ByteReader } from '@casty/transport'
import { DDataError } from '../errors.ts'
import type { Lane } from '../session/lane.ts'
import type { Session } from '../session/session.ts'

/** A watch is renewed so often, in milliseconds: that tells missed changes too. */
const renewEveryMs = 1_000
/** Changes that wait for a slow reader; one too many makes all of them one `resync`. */
const maxWaiting = 10_000

/** What was seen of one part. */
interface Seen {
  readonly lane: Lane
  epoch: number | undefined
  count: number
}

export interface WatchOptions<Event> {
  readonly what: string
  readonly clock: Clock
  /** The name to watch in the parts. */
  readonly name: string
  readonly signal?: AbortSignal
  readonly read: (from: ByteReader) => Event | undefined
  /** Told where changes were missed. */
  readonly resync: Event
}

/** Begins at once; leaving the loop ends it. */
export class Watching<Event> implements AsyncIterableIterator<Event> {
  readonly #options: WatchOptions<Event>
  readonly #session: Session
  readonly #number: number
  readonly #seen: readonly Seen[]
  readonly #listening: readonly Disposable[]
  readonly #ready: Event[] = []
  #timer: Disposable | undefined
  #wake: (() => void) | undefined
  #error: unknown
  #hasEnded = false

  constructor(session: Session, parts: readonly string[], options: WatchOptions<Event>) {
    this.#options = options
    this.#session = session
    this.#number = session.nextWatch()
    this.#seen = parts.map((part) => ({ lane: session.lane(part), epoch: undefined, count: 0 }))
    this.#listening = this.#seen.map((seen) =>
      seen.lane.listen({
        lost: () => {},
        renewed: () => {},
        notice: () => {},
        forgotten: () => this.#missed(seen),
        change: (watch, count, event, epoch) => {
          if (watch === this.#number) this.#changed(seen, count, event, epoch)
        },
      }),
    )
    options.signal?.addEventListener('abort', this.#abort, { once: true })
    this.#renew()
  }

  #renew(): void {
    const { clock, name } = this.#options
    for (const { lane } of this.#seen) lane.post({ type: 'watch', number: this.#number, name })
    this.#timer = clock.schedule(renewEveryMs, () => {
      if (this.#session.isClosed) this.#fail(DDataError.closed(this.#options.what))
      else this.#renew()
    })
  }

  #changed(seen: Seen, count: number, event: ByteReader, epoch: number): void {
    const isNotice = event.remaining === 0
    const isSame = seen.epoch === undefined || seen.epoch === epoch
    const isNext = count === (isNotice ? seen.count : seen.count + 1)
    const isFirst = seen.epoch === undefined
    seen.epoch = epoch
    seen.count = count
    if (!isFirst && (!isSame || !isNext)) this.#push(this.#options.resync)
    if (isNotice) return
    const change = this.#options.read(event)
    if (change !== undefined) this.#push(change)
  }

  #missed(seen: Seen): void {
    seen.count = 0
    seen.epoch = undefined
    this.#push(this.#options.resync)
  }

  #push(event: Event): void {
    if (this.#hasEnded) return
    if (this.#ready.length >= maxWaiting)
      this.#ready.splice(0, this.#ready.length, this.#options.resync)
    else this.#ready.push(event)
    this.#wakeUp()
  }

  #wakeUp(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  #fail(error: unknown): void {
    this.#error ??= error
    this.#end()
  }

  readonly #abort = (): void => {
    const { what, signal } = this.#options
    this.#fail(DDataError.aborted(what, 'no', signal?.reason))
  }

  async next(): Promise<IteratorResult<Event, undefined>> {
    for (;;) {
      const event = this.#ready.shift()
      if (event !== undefined) return { value: event, done: false }
      if (this.#error !== undefined) {
        const error = this.#error
        this.#error = undefined
        throw error
      }
      if (this.#hasEnded) return { value: undefined, done: true }
      // eslint-disable-next-line no-await-in-loop -- Until something has happened.
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async return(): Promise<IteratorResult<Event, undefined>> {
    this.#ready.length = 0
    this.#end()
    return { value: undefined, done: true }
  }

  #end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#timer?.[Symbol.dispose]()
    this.#options.signal?.removeEventListener('abort', this.#abort)
    for (const listening of this.#listening) listening[Symbol.dispose]()
    if (!this.#session.isClosed) {
      for (const { lane } of this.#seen) lane.post({ type: 'unwatch', number: this.#number })
    }
    this.#wakeUp()
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
