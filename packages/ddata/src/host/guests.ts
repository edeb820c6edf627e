// Sessions that make themselves heard at a part, and those that it remembers: who is silent for a while is taken to be away, then
// waits for nothing any more, and after longer is forgotten.
import type { Sessions } from '../state/sessions.ts'
import type { Watch } from './watches.ts'

export interface GuestSettings {
  /** A session that is silent for so long waits for nothing any more, in milliseconds. */
  readonly sessionTtlMs: number
  /** And after so long its answers are let go. */
  readonly resultTtlMs: number
}

/** A session, as long as it makes itself heard. */
export interface Guest<Peer> {
  readonly session: Uint8Array
  peer: Peer
  heardAt: number
  /** By the number of the watch. */
  readonly watches: Map<number, Watch>
}

/** What is to become of a session by its id. */
export type SilentSession = {
  readonly type: 'forget-session' | 'session-over' | 'session-away'
  readonly session: string
}

export interface GuestsPort<Peer> {
  /** Those that the part remembers. */
  readonly sessions: Pick<Sessions, 'find'>
  /** One is no guest any more. */
  left(guest: Guest<Peer>): void
  /** Whether a session is known not to be away, where that matters to anybody. */
  isHere(session: string): boolean
  perform(command: SilentSession): void
}

/** Who waits is heard of every second or two; one that is not for so long is taken to be away, in milliseconds. */
const awayMs = 3_500
/** Sessions are looked through so often, in milliseconds. */
const lookMs = 1_000

/** Of one part. Mutable. */
export class Guests<Peer> {
  readonly #settings: GuestSettings
  readonly #port: GuestsPort<Peer>
  readonly #guests = new Map<string, Guest<Peer>>()
  /** Sessions that are remembered, and when each of them was heard last. */
  readonly #heardAt = new Map<string, number>()
  #nextLook = Infinity

  /** @param remembered - ids of sessions that are to have time to come back, from now on */
  constructor(
    settings: GuestSettings,
    port: GuestsPort<Peer>,
    remembered: Iterable<string>,
    now: number,
  ) {
    this.#settings = settings
    this.#port = port
    for (const id of remembered) this.#heardAt.set(id, now)
    if (this.#heardAt.size > 0) this.#nextLook = now + lookMs
  }

  get size(): number {
    return this.#guests.size
  }

  all(): Iterable<Guest<Peer>> {
    return this.#guests.values()
  }

  find(id: string): Guest<Peer> | undefined {
    return this.#guests.get(id)
  }

  /** It makes itself heard. */
  heard(id: string, session: Uint8Array, peer: Peer, now: number): Guest<Peer> {
    this.#heardAt.set(id, now)
    const known = this.#guests.get(id)
    if (known) {
      known.peer = peer
      known.heardAt = now
      return known
    }
    // What was received is not kept for as long.
    const guest: Guest<Peer> = { session: session.slice(), peer, heardAt: now, watches: new Map() }
    this.#guests.set(id, guest)
    this.#nextLook = Math.min(this.#nextLook, now + lookMs)
    return guest
  }

  /** It ends by itself. */
  close(id: string): void {
    this.#leave(id)
    this.#heardAt.delete(id)
  }

  #leave(id: string): void {
    const guest = this.#guests.get(id)
    if (guest) this.#port.left(guest)
    this.#guests.delete(id)
  }

  /** When `look` has something to do next. */
  nextDeadline(): number {
    return this.#nextLook
  }

  /** Sees who has been silent for too long. */
  look(now: number): void {
    if (now < this.#nextLook) return
    const { sessionTtlMs, resultTtlMs } = this.#settings
    for (const [id, { heardAt }] of this.#guests) {
      if (now - heardAt >= sessionTtlMs) this.#leave(id)
    }
    let nextOver = Infinity
    for (const [id, heardAt] of this.#heardAt) {
      const session = this.#port.sessions.find(id)
      if (!session) {
        if (!this.#guests.has(id)) this.#heardAt.delete(id)
      } else if (now - heardAt >= resultTtlMs) {
        this.#heardAt.delete(id)
        this.#port.perform({ type: 'forget-session', session: id })
      } else if (session.parked.size > 0) {
        const over = heardAt + sessionTtlMs
        if (now < over) nextOver = Math.min(nextOver, over)
        else this.#port.perform({ type: 'session-over', session: id })
        this.#lookWhetherAway(id, now - heardAt)
      }
    }
    this.#nextLook = this.#heardAt.size > 0 || this.#guests.size > 0 ? now + lookMs : Infinity
    this.#nextLook = Math.min(this.#nextLook, nextOver)
  }

  /** Whoever waits makes itself heard again and again: others need not wait for one that does not. */
  #lookWhetherAway(id: string, silentMs: number): void {
    if (silentMs < awayMs || !this.#port.isHere(id)) return
    this.#port.perform({ type: 'session-away', session: id })
  }
}
