// One part of the structures on the node that runs it: takes requests, has them carried out, written and answered. With who
// makes itself heard, until when timers run and who watches, it has what nobody has to remember when another node takes over.
import type { FreesRoom } from '@casty/persistence'
import { readRequest, type ReplyEntry, type RequestEntry } from '../protocol/messages.ts'
import type { CallCommand, Command } from '../state/command.ts'
import type { Onlooker, PartState } from '../state/part-state.ts'
import { maxUnsettledCalls, sessionIdOf, type Session } from '../state/sessions.ts'
import { Batches, type BatchesPort } from './batches.ts'
import { Deadlines } from './deadlines.ts'
import { failedReply } from './failed-reply.ts'
import { Guests, type Guest, type GuestSettings } from './guests.ts'
import { RecentChanges } from './recent-changes.ts'
import { Watches } from './watches.ts'

export interface HostSettings extends GuestSettings {
  /** Users that may have sessions. */
  readonly maxUsers: number
  readonly maxRecordBytes: number
}

export interface PartHostPort<Peer> {
  readonly epoch: number
  now(): number
  send(peer: Peer, session: Uint8Array, body: Uint8Array): void
  /** See `BatchesPort.write`. */
  readonly write: BatchesPort<Guest<Peer>>['write']
  /** Why there is no room for a record of that kind, see `Machine`, for now; undefined where there may be. */
  whyFull?(freesRoom: FreesRoom | undefined): string | undefined
}

/** After another node took over, sessions have at least so long to make themselves heard, in milliseconds. */
const comebackMs = 3_000
/** Where time jumped by more than that, what came meanwhile is read before anything runs out, in milliseconds. */
const stallMs = 500
const breathMs = 250
/** A part that remembers more sessions is not stopped before it forgets them: whoever begins it again remembers each for as long anew. */
const maxLeftBehind = 100
/** Before one call: so that no call makes the record much longer than it is itself. */
const maxNotes = 16

/** Whoever comes back after minutes has another session, beside those that are remembered: about so many are, of one that does so again and again. */
const sessionsPerUser = 5

/** More than a session that keeps to the limit ever has: the end of a wait has to come through. */
function isCrowded({ floor, parked, late }: Session, { number, received }: CallCommand): boolean {
  const unsettled = Math.max(number - floor, parked.size, late.size - received.length)
  return unsettled > maxUnsettledCalls
}

export class PartHost<Peer> {
  readonly state: PartState
  readonly #port: PartHostPort<Peer>
  readonly #settings: HostSettings
  readonly #batches: Batches<Guest<Peer>>
  readonly #deadlines = new Deadlines()
  readonly #guests: Guests<Peer>
  readonly #watches: Watches<Guest<Peer>>
  readonly #begunAt: number
  readonly #begunWith: number
  #expectedAt = Infinity
  #notBefore = -Infinity

  constructor(state: PartState, port: PartHostPort<Peer>, settings: HostSettings) {
    this.state = state
    this.#port = port
    this.#settings = settings
    this.#batches = new Batches(
      {
        epoch: port.epoch,
        write: port.write,
        send: ({ peer, session }, body) => port.send(peer, session, body),
      },
      settings.maxRecordBytes,
    )
    this.#begunAt = Math.ceil(port.now()) // Whole, so that what is due by the clock of the part is due here too.
    this.#begunWith = state.now
    for (const [id, ms] of state.timers) {
      this.#deadlines.set(id, this.#begunAt + Math.max(ms, comebackMs))
    }
    // Where another node owned it before.
    const recent = state.changes > 0 ? new RecentChanges(this.#begunAt + comebackMs) : undefined
    this.#watches = this.#makeWatches(recent)
    this.#guests = this.#makeGuests()
    state.watchedBy(this.#onlooker)
  }

  #makeWatches(recent: RecentChanges | undefined): Watches<Guest<Peer>> {
    const { state } = this
    return new Watches(
      {
        get changes() {
          return state.changes
        },
        now: () => this.#port.now(),
        say: (guest, entry) => this.#batches.say(guest, entry),
      },
      recent,
    )
  }

  #makeGuests(): Guests<Peer> {
    const { sessions } = this.state
    return new Guests<Peer>(
      this.#settings,
      {
        sessions,
        left: (guest) => this.#watches.left(guest),
        isHere: (session) => this.state.machine.isAway?.(session) === false,
        perform: (command) => this.#perform(command),
      },
      [...sessions.values()].map(({ id }) => id),
      this.#begunAt,
    )
  }

  get isQuiet(): boolean {
    return this.#batches.isQuiet
  }

  /** Whether nothing goes on that would not go on as well after it was started anew: sessions and their answers are kept. */
  get isAtRest(): boolean {
    const { timers, machine, sessions } = this.state
    if (!this.isQuiet || this.#watches.isWatching || sessions.size > maxLeftBehind) return false
    if (timers.size > 0 || machine.due() < Infinity) return false
    for (const { parked } of sessions.values()) if (parked.size > 0) return false
    return true
  }

  /** Whether it is neither kept nor watched for anybody. */
  get isIdle(): boolean {
    return this.isQuiet && this.#guests.size === 0 && this.state.isEmpty
  }

  /** The time on the clock of the part. */
  get #at(): number {
    return this.#begunWith + Math.floor(Math.max(0, this.#port.now() - this.#begunAt))
  }

  /** @throws DDataError, TransportError `…_MALFORMED` */
  receive(request: Uint8Array, peer: Peer): void {
    const { session: bytes, isKnown, floor, entries } = readRequest(request)
    const id = sessionIdOf(bytes)
    const session = this.state.sessions.find(id)
    if (!session && !this.#guests.find(id) && this.#isFull(id, this.#guests)) {
      const stranger = { session: bytes, peer, heardAt: 0, watches: new Map() }
      this.#batches.say(stranger, { type: 'failed', why: 'too many sessions use it' })
      return
    }
    if (!session && entries.length > 0 && entries.every(({ type }) => type === 'close')) {
      this.#guests.close(id)
      return
    }
    const guest = this.#guests.heard(id, bytes, peer, this.#port.now())
    if (session) this.state.sessions.raiseFloor(session, floor)
    else if (isKnown) {
      this.#batches.say(guest, { type: 'unknown' })
      return
    }
    if (this.state.machine.isAway?.(id)) this.#perform({ type: 'session-back', session: id })
    for (const entry of entries) this.#take(id, guest, floor, entry)
  }

  /** Whether there is no room for one more session. @param users - how many have one, where that is known */
  #isFull(
    id: string,
    { size, users = size }: { readonly size: number; readonly users?: number },
  ): boolean {
    const { maxUsers } = this.#settings
    if (size >= maxUsers * sessionsPerUser) return true
    return users >= maxUsers && !this.state.sessions.hasUserOf(id)
  }

  #take(id: string, guest: Guest<Peer>, floor: number, entry: RequestEntry): void {
    switch (entry.type) {
      case 'call':
        this.#call(guest, { ...entry, session: id, floor })
        return
      case 'read':
        this.#read(id, guest, entry)
        return
      case 'renew':
        this.#renew(guest, entry.number, entry.timers)
        return
      case 'watch':
        this.#watches.watch(guest, entry)
        return
      case 'unwatch':
        this.#watches.unwatch(guest, entry.number)
        return
      case 'close':
        this.#guests.close(id)
        if (this.state.sessions.find(id)) this.#perform({ type: 'forget-session', session: id })
    }
  }

  #call(guest: Guest<Peer>, command: CallCommand): void {
    const { sessions } = this.state
    const { session: id, number } = command
    const session = sessions.find(id)
    const standing = sessions.standing(session, number)
    switch (standing.type) {
      case 'answered':
        this.#batches.say(guest, { type: 'answer', number, answer: standing.answer })
        return
      case 'parked': {
        this.#batches.say(guest, { type: 'parked', number })
        const isOffered = this.state.machine.isOffered?.({ session: id, number }) === true
        if (isOffered) this.#batches.say(guest, { type: 'offered', number })
        return
      }
      case 'early':
        this.#batches.say(guest, { type: 'gap', expected: (session?.begun ?? 0) + 1 })
        return
      case 'settled':
        return
      case 'next': {
        const freesRoom = this.state.freesRoom(command)
        const why = this.#whyNot(session, command, freesRoom)
        if (why !== undefined) {
          this.#batches.say(guest, { type: 'failed', why })
          return
        }
        this.#takeNotes()
        this.#carryOut(command, freesRoom)
      }
    }
  }

  /** Why a call is not carried out for now; undefined where it is. */
  #whyNot(
    session: Session | undefined,
    command: CallCommand,
    freesRoom: FreesRoom | undefined,
  ): string | undefined {
    if (!session && this.#isFull(command.session, this.state.sessions)) {
      return 'too many sessions use it'
    }
    if (session && isCrowded(session, command)) return 'too many calls wait'
    return this.#port.whyFull?.(freesRoom)
  }

  #read(id: string, guest: Guest<Peer>, entry: RequestEntry & { readonly type: 'read' }): void {
    const begun = this.state.sessions.find(id)?.begun ?? 0
    if (entry.after > begun) {
      this.#batches.say(guest, { type: 'gap', expected: begun + 1 })
      return
    }
    if (this.state.machine.due() <= this.#at) this.#perform({ type: 'advance' })
    if (entry.isStrict) this.#perform({ type: 'nothing' })
    const answer = this.state.read(entry.call, this.#at)
    this.#batches.say(guest, { type: 'read', number: entry.number, answer })
  }

  #renew(guest: Guest<Peer>, number: number, timers: readonly number[]): void {
    const now = this.#port.now()
    const lost: number[] = []
    for (const id of timers) {
      const ms = this.state.timers.get(id)
      if (ms === undefined || !this.#deadlines.has(id)) lost.push(id)
      else this.#deadlines.set(id, now + ms)
    }
    if (lost.length > 0) this.#batches.say(guest, { type: 'lost', timers: lost })
    this.#batches.say(guest, { type: 'renewed', number })
  }

  #takeNotes(): void {
    const { machine } = this.state
    if (!machine.takeNote) return
    for (let left = maxNotes; left > 0; left--) {
      const note = machine.takeNote()
      if (!note) return
      this.#perform({ type: 'noted', note })
    }
  }

  #perform(command: Command): void {
    this.#carryOut(command, this.state.freesRoom(command))
  }

  #carryOut(command: Command, freesRoom: FreesRoom | undefined): void {
    const at = this.#at
    this.#batches.add({ command, at }, freesRoom)
    this.state.apply(command, at, this.#port.epoch)
  }

  readonly #onlooker: Onlooker = this.#makeOnlooker()

  #makeOnlooker(): Onlooker {
    const isWatching = (): boolean => this.#watches.isWatching
    return {
      get isWatching() {
        return isWatching()
      },
      answered: (session, number, answer) =>
        this.#tell(session, { type: 'answer', number, answer }),
      parked: (session, number) => this.#tell(session, { type: 'parked', number }),
      offered: (session, number) => this.#offer(session, number),
      timerStarted: (id, ms) => this.#deadlines.set(id, this.#port.now() + ms),
      timerStopped: (id) => this.#deadlines.delete(id),
      notice: (session, notice) => {
        const guest = this.#guests.find(session)
        if (guest) this.#batches.say(guest, { type: 'notice', notice })
      },
      changed: (name, event) => this.#watches.changed(this.#guests.all(), name, event),
    }
  }

  /** Where it does not hear it now, it is told when it asks again. */
  #tell({ id }: Session, entry: ReplyEntry): void {
    const guest = this.#guests.find(id)
    if (guest) this.#batches.say(guest, entry)
  }

  /** Beside the record that makes it so. Whoever takes it says so with a call, which is written and answered after that. */
  #offer({ id }: Session, number: number): void {
    const guest = this.#guests.find(id)
    if (guest) this.#batches.sayAhead(guest, { type: 'offered', number })
  }

  /** At the end of a turn. */
  flush(): void {
    this.#batches.flush()
  }

  /** What was written last is safe. */
  written(): void {
    this.#batches.written()
  }

  /** What was carried out last cannot be written: all that are heard of here are told why, and ask whoever comes next. */
  writeFailed(why: string): void {
    const { epoch } = this.#port
    for (const { peer, session } of this.#guests.all()) {
      this.#port.send(peer, session, failedReply(why, epoch))
    }
  }

  /** When `look` has something to do next, by the clock of this node. */
  nextDeadline(): number {
    const due = this.state.machine.due()
    const dueHere = due === Infinity ? Infinity : this.#begunAt + (due - this.#begunWith)
    const next = Math.min(this.#guests.nextDeadline(), this.#deadlines.first, dueHere)
    this.#expectedAt = Math.max(next, this.#notBefore)
    return this.#expectedAt
  }

  /** Does what is due. */
  look(): void {
    const now = this.#port.now()
    if (now - this.#expectedAt > stallMs) {
      // This process stood still. Whoever renewed meanwhile is in some buffer: it is read before.
      this.#notBefore = now + breathMs
      return
    }
    for (const timer of this.#deadlines.due(now)) {
      this.#deadlines.delete(timer)
      this.#perform({ type: 'timed-out', timer })
    }
    if (this.state.machine.due() <= this.#at) this.#perform({ type: 'advance' })
    this.#guests.look(now)
  }
}
