// What happened in a run: a hash over all of it, which tells two runs apart; the last events of each
// host, for people; and, if asked for, everything, for a picture.
import { TraceHash } from './trace-hash.ts'

/** A write of one node to another: when it left, arrived or was lost. */
export interface WriteEvent {
  readonly type: 'write'
  /** Milliseconds of the world's time. */
  readonly at: number
  readonly stage: 'sent' | 'arrived' | 'lost'
  /** The same for all stages of one write on a link. */
  readonly id: number
  readonly from: string
  readonly to: string
  /** Whole frames. */
  readonly bytes: Uint8Array
}

/** Anything else that happened at one host. */
export interface NoteEvent {
  readonly type: 'note'
  readonly at: number
  readonly host: string
  /** `process`: it started or ended; `fault`: something was done to it; `event`, `log`: it says so. */
  readonly kind: NoteKind
  readonly text: string
}

/** What a note is about. */
export type NoteKind = 'process' | 'fault' | 'workload' | 'event' | 'state' | 'log' | 'violation'
/** One thing that happened. */
export type TraceEvent = WriteEvent | NoteEvent

export interface TraceOptions {
  /** Keep every event, for a diagram. @defaultValue false */
  readonly keepAll?: boolean
  /** Events kept per host; with 0, of many runs, none is copied. @defaultValue 200 */
  readonly keepLast?: number
}

/** What happened in a world, in order; see `RunOptions` for how much of it is kept. */
export class Trace {
  readonly #hash = new TraceHash()
  readonly #keepLast: number
  readonly #last = new Map<string, TraceEvent[]>()
  readonly #all: TraceEvent[] | undefined
  #count = 0

  constructor({ keepAll = false, keepLast = 200 }: TraceOptions = {}) {
    this.#keepLast = keepLast
    this.#all = keepAll ? [] : undefined
  }

  note(at: number, host: string, kind: NoteKind, text: string): void {
    this.#hash.number(at).text(host).text(kind).text(text)
    this.#keep(host, { type: 'note', at, host, kind, text })
  }

  write(event: WriteEvent): void {
    const { at, stage, id, from, to, bytes } = event
    this.#hash.number(at).text(stage).number(id).text(from).text(to).bytes(bytes)
    if (this.#isKept) {
      this.#keep(stage === 'arrived' ? to : from, { ...event, bytes: bytes.slice() })
    } else this.#count++
  }

  /** How many events there were. */
  get length(): number {
    return this.#count
  }

  /** Two runs that did the same have the same; 16 hexadecimal digits. */
  get hash(): string {
    return this.#hash.toString()
  }

  /** Every event, oldest first; undefined unless all were to be kept. */
  get all(): readonly TraceEvent[] | undefined {
    return this.#all
  }

  /** The last events of each host, oldest first. */
  last(): ReadonlyMap<string, readonly TraceEvent[]> {
    return new Map([...this.#last].map(([host, events]) => [host, events.slice(-this.#keepLast)]))
  }

  get #isKept(): boolean {
    return this.#keepLast > 0 || this.#all !== undefined
  }

  #keep(host: string, event: TraceEvent): void {
    this.#count++
    this.#all?.push(event)
    if (this.#keepLast === 0) return
    const events = this.#last.get(host)
    if (events === undefined) this.#last.set(host, [event])
    else if (events.push(event) >= 2 * this.#keepLast) events.splice(0, this.#keepLast)
  }
}
