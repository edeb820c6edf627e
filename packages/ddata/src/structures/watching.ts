// Changes of one or many parts as they happen, for one watcher. Changes are told at most once, and are numbered: whoever
// misses one, or meets another owner of a part, is told so.
import type { Clock } from '@casty/clock'
import { ByteReader } from '@casty/transport'
import { DDataError } from '../errors.ts'
import type { WatchedChange } from '../session/lane-port.ts'
import type { Lane } from '../session/lane.ts'
import type { Session } from '../session/session.ts'

/** A watch is renewed so often, in milliseconds: that tells missed changes too. */
const renewEveryMs = 1_000
/** Changes that wait for a slow reader; one too many makes all of them one `resync`. */
const maxWaiting = 10_000

/** What was seen of one part. */
interface Seen extends Progress {
  readonly lane: Lane
  /** How often it was asked to tell, and nobody did so far. */
  asked: number
}

interface Progress {
  /** Of the owner that told; undefined: nobody did. What changed before somebody was asked twice may be missed. */
  epoch: number | undefined
  /** What that owner told. */
  count: number
  /** What ever changed there. */
  changes: number
}

/** Whether nothing was missed in between: nothing else ever changed there, or it is the next that the same owner told. */
function isNextOf(seen: Progress, now: Progress, isNotice: boolean): boolean {
  const step = isNotice ? 0 : 1
  if (now.changes === seen.changes + step) return true
  return seen.epoch === now.epoch && now.count === seen.count + step
}

/** The same of the first that is told: asked once, it began in time, and what it tells counts from there. */
function isFirstOf(asked: number, { count, changes }: WatchedChange, isNotice: boolean): boolean {
  const step = isNotice ? 0 : 1
  return count === step && (asked <= 1 || changes === step)
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
  /** Rejects where it is watched with other options than others use it with. Asked again where nobody answers. */
  readonly agree?: () => Promise<void>
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
  /** Of those who wait for what is next, in the order of their calls. */
  #waiting: (() => void)[] = []
  #error: DDataError | undefined
  #isAgreeing = false
  #hasEnded = false

  constructor(session: Session, parts: readonly string[], options: WatchOptions<Event>) {
    this.#options = options
    this.#session = session
    this.#number = session.nextWatch()
    this.#seen = parts.map((part) => ({
      lane: session.lane(part, options.what),
      asked: 0,
      epoch: undefined,
      count: 0,
      changes: 0,
    }))
    this.#listening = this.#seen.map((seen) =>
      seen.lane.listen({
        lost: () => {},
        renewed: () => {},
        notice: () => {},
        forgotten: () => this.#missed(seen),
        change: (change, epoch) => {
          if (change.watch === this.#number) this.#changed(seen, change, epoch)
        },
      }),
    )
    options.signal?.addEventListener('abort', this.#abort, { once: true })
    this.#renew()
  }

  #renew(): void {
    const { clock, name } = this.#options
    for (const part of this.#seen) {
      const seen = part.epoch === undefined ? undefined : part.changes
      if (part.epoch === undefined) part.asked += 1
      part.lane.post({ type: 'watch', number: this.#number, name, seen })
    }
    this.#agree()
    this.#timer = clock.schedule(renewEveryMs, () => {
      if (this.#session.isClosed) this.#fail(this.#session.closed(this.#options.what))
      else this.#renew()
    })
  }

  /** Other options may lead to other parts: nothing of what changes would be told. */
  #agree(): void {
    if (this.#isAgreeing) return
    this.#isAgreeing = true
    this.#options.agree?.().catch((error: unknown) => {
      this.#isAgreeing = false
      const isRefused = error instanceof DDataError && error.code === 'CASTY_DDATA_CONFIG_MISMATCH'
      if (isRefused) this.#fail(error)
    })
  }

  #changed(seen: Seen, told: WatchedChange, epoch: number): void {
    const { count, changes, event } = told
    const isNotice = event.length === 0
    const isInOrder =
      seen.epoch === undefined
        ? isFirstOf(seen.asked, told, isNotice)
        : isNextOf(seen, { count, changes, epoch }, isNotice)
    if (!isInOrder) this.#push(this.#options.resync)
    seen.asked = 0
    seen.epoch = epoch
    seen.count = count
    seen.changes = changes
    if (isNotice) return
    const change = this.#options.read(new ByteReader(event))
    if (change !== undefined) this.#push(change)
  }

  /** What changes until it is asked again is missed too. */
  #missed(seen: Seen): void {
    seen.epoch = undefined
    seen.asked = 1
    this.#push(this.#options.resync)
  }

  #push(event: Event): void {
    if (this.#hasEnded) return
    if (this.#ready.length >= maxWaiting)
      this.#ready.splice(0, this.#ready.length, this.#options.resync)
    else this.#ready.push(event)
    this.#wakeUp()
  }

  /** What happened so far is known otherwise. */
  discard(): void {
    this.#ready.length = 0
  }

  #wakeUp(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }

  #fail(error: DDataError): void {
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
        this.#waiting.push(resolve)
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
