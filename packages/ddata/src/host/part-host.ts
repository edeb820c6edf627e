// One part of the structures on the node that runs it: takes requests, has them carried out, written and answered. It
// knows who is connected, until when timers run and who watches: what nobody has to remember when another node
// takes over.
import { readRequest, type ReplyEntry, type RequestEntry } from '../protocol/messages.ts'
import type { CallCommand, Command } from '../state/command.ts'
import type { Onlooker, PartState } from '../state/part-state.ts'
import { maxUnsettledCalls, sessionIdOf, type Session } from '../state/sessions.ts'
import { Batches } from './batches.ts'
import { Deadlines } from './deadlines.ts'
import { RecentChanges } from './recent-changes.ts'

export interface HostSettings {
  /** A session that is silent for so long waits for nothing any more, in milliseconds. */
  readonly sessionTtlMs: number
  /** And after so long its answers are let go. */
  readonly resultTtlMs: number
  readonly maxSessions: number
  readonly maxRecordBytes: number
}

export interface PartHostPort<Peer> {
  readonly epoch: number
  now(): number
  send(peer: Peer, session: Uint8Array, body: Uint8Array): void
  /** See `BatchesPort.write`. */
  readonly write: ((record: Uint8Array) => void) | undefined
}

/** A session, as long as it makes itself heard. */
interface Guest<Peer> {
  readonly session: Uint8Array
  peer: Peer
  heardAt: number
  /** By the number of the watch. */
  readonly watches: Map<number, Watch>
}

/** The structure, and how many changes were told. */
interface Watch {
  readonly name: string
  count: number
}

/** After another node took over, sessions have at least so long to make themselves heard, in milliseconds. */
const comebackMs = 3_000
/** Where time jumped by more than that, what came meanwhile is read before anything runs out, in milliseconds. */
const stallMs = 500
const breathMs = 250
/** Tells how many changes there were, and of none. */
const none = new Uint8Array()
/** Who waits is heard of every second or two; one that is not for so long is taken to be away, in milliseconds. */
const awayMs = 3_500
/** Before one call: so that no call makes the record much longer than it is itself. */
const maxNotes = 16
/** Sessions are looked through so often, in milliseconds. */
const lookMs = 1_000

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
  readonly #guests = new Map<string, Guest<Peer>>()
  /** Sessions that are remembered, and when each of them was heard last. */
  readonly #heardAt = new Map<string, number>()
  readonly #begunAt: number
  readonly #begunWith: number
  /** Watches of all guests: most parts have none. */
  #watches = 0
  /** Where another node owned it before. */
  readonly #recent: RecentChanges | undefined
  #nextLook = Infinity
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
    for (const { id } of state.sessions.values()) this.#heardAt.set(id, this.#begunAt)
    if (this.#heardAt.size > 0) this.#nextLook = this.#begunAt + lookMs
    if (state.changes > 0) this.#recent = new RecentChanges(this.#begunAt + comebackMs)
    state.watchedBy(this.#onlooker)
  }

  get isQuiet(): boolean {
    return this.#batches.isQuiet
  }

  /** Whether the state is that of all records, with the one that is being written. */
  get isAllUnderWay(): boolean {
    return this.#batches.isAllUnderWay
  }

  /** Whether nothing goes on that would not go on as well after it was started anew. */
  get isAtRest(): boolean {
    return this.isQuiet && this.#guests.size === 0 && this.state.timers.size === 0
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
    if (!session && !this.#guests.has(id) && this.#guests.size >= this.#settings.maxSessions) {
      const stranger = { session: bytes, peer, heardAt: 0, watches: new Map() }
      this.#batches.say(stranger, { type: 'failed', why: 'too many sessions use it' })
      return
    }
    const guest = this.#guestOf(id, bytes, peer)
    if (session) this.state.sessions.raiseFloor(session, floor)
    else if (isKnown) {
      this.#batches.say(guest, { type: 'unknown' })
      return
    }
    if (this.state.machine.isAway?.(id)) this.#perform({ type: 'session-back', session: id })
    for (const entry of entries) this.#take(id, guest, floor, entry)
  }

  #guestOf(id: string, session: Uint8Array, peer: Peer): Guest<Peer> {
    const now = this.#port.now()
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
        this.#watch(guest, entry)
        return
      case 'unwatch':
        if (guest.watches.delete(entry.number)) this.#watches -= 1
        return
      case 'close':
        this.#leave(id)
        this.#heardAt.delete(id)
        if (this.state.sessions.find(id)) this.#perform({ type: 'forget-session', session: id })
    }
  }

  /** Also told how many changes there were so far: who asks again learns whether it missed some. */
  #watch(
    guest: Guest<Peer>,
    { number, name, seen }: RequestEntry & { readonly type: 'watch' },
  ): void {
    let watch = guest.watches.get(number)
    if (!watch) {
      // Whoever was told of changes before, and was forgotten here, is to see that some are missing: no watcher was ever told of so many.
      const count = seen === undefined ? 0 : this.state.changes + 1
      guest.watches.set(number, (watch = { name, count }))
      this.#watches += 1
      if (seen !== undefined) this.#catchUp(guest, number, watch, seen)
    }
    const { count } = watch
    this.#batches.say(guest, {
      type: 'change',
      watch: number,
      count,
      changes: this.state.changes,
      event: none,
    })
  }

  /** Tells one that watched another owner what changed here before it came. */
  #catchUp(guest: Guest<Peer>, number: number, watch: Watch, seen: number): void {
    for (const change of this.#recent?.after(seen, watch.name, this.#port.now()) ?? []) {
      watch.count += 1
      const [{ count }, { changes, event }] = [watch, change]
      this.#batches.say(guest, { type: 'change', watch: number, count, changes, event })
    }
  }

  #leave(id: string): void {
    this.#watches -= this.#guests.get(id)?.watches.size ?? 0
    this.#guests.delete(id)
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
      case 'next':
        if (!session && sessions.size >= this.#settings.maxSessions) {
          this.#batches.say(guest, { type: 'failed', why: 'too many sessions use it' })
        } else if (session && isCrowded(session, command)) {
          this.#batches.say(guest, { type: 'failed', why: 'too many calls wait' })
        } else {
          this.#takeNotes()
          this.#perform(command)
        }
    }
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
    const at = this.#at
    this.#batches.add({ command, at })
    this.state.apply(command, at, this.#port.epoch)
  }

  readonly #onlooker: Onlooker = this.#makeOnlooker()

  #makeOnlooker(): Onlooker {
    const isWatching = (): boolean =>
      this.#watches > 0 || this.#recent?.isKeeping(this.#port.now()) === true
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
        const guest = this.#guests.get(session)
        if (guest) this.#batches.say(guest, { type: 'notice', notice })
      },
      changed: (name, event) => {
        this.#recent?.add({ name, changes: this.state.changes, event }, this.#port.now())
        for (const guest of this.#guests.values()) {
          for (const [number, watch] of guest.watches) {
            if (watch.name !== name) continue
            watch.count += 1
            const { changes } = this.state
            const { count } = watch
            this.#batches.say(guest, { type: 'change', watch: number, count, changes, event })
          }
        }
      },
    }
  }

  /** Where it does not hear it now, it is told when it asks again. */
  #tell({ id }: Session, entry: ReplyEntry): void {
    const guest = this.#guests.get(id)
    if (guest) this.#batches.say(guest, entry)
  }

  /** Beside the record that makes it so. Whoever takes it says so with a call, which is written and answered after that. */
  #offer({ id }: Session, number: number): void {
    const guest = this.#guests.get(id)
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

  /** When `look` has something to do next, by the clock of this node. */
  nextDeadline(): number {
    const due = this.state.machine.due()
    const dueHere = due === Infinity ? Infinity : this.#begunAt + (due - this.#begunWith)
    const next = Math.min(this.#nextLook, this.#deadlines.first, dueHere)
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
    if (now >= this.#nextLook) this.#lookThroughSessions(now)
  }

  /** Whoever waits makes itself heard again and again: others need not wait for one that does not. */
  #lookWhetherAway(id: string, silentMs: number): void {
    const { machine } = this.state
    if (silentMs < awayMs || machine.isAway?.(id) !== false) return
    this.#perform({ type: 'session-away', session: id })
  }

  #lookThroughSessions(now: number): void {
    const { sessionTtlMs, resultTtlMs } = this.#settings
    for (const [id, { heardAt }] of this.#guests) {
      if (now - heardAt >= sessionTtlMs) this.#leave(id)
    }
    let nextOver = Infinity
    for (const [id, heardAt] of this.#heardAt) {
      const session = this.state.sessions.find(id)
      if (!session) {
        if (!this.#guests.has(id)) this.#heardAt.delete(id)
      } else if (now - heardAt >= resultTtlMs) {
        this.#heardAt.delete(id)
        this.#perform({ type: 'forget-session', session: id })
      } else if (session.parked.size > 0) {
        const over = heardAt + sessionTtlMs
        if (now < over) nextOver = Math.min(nextOver, over)
        else this.#perform({ type: 'session-over', session: id })
        this.#lookWhetherAway(id, now - heardAt)
      }
    }
    this.#nextLook = this.#heardAt.size > 0 || this.#guests.size > 0 ? now + lookMs : Infinity
    this.#nextLook = Math.min(this.#nextLook, nextOver)
  }
}
