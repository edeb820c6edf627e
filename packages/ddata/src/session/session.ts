// A process towards all structures: it has a lane to each part that it uses, gathers what a turn has to say to each of
// them, and keeps one timer for all.
import { Behaviors, type ActorRef, type ActorSystem } from '@casty/actor'
import type { Clock, Random } from '@casty/clock'
import type { OwnShare } from '@casty/sharding'
import { ByteWriter } from '@casty/transport'
import { DDataError, type Applied } from '../errors.ts'
import { Gathering } from '../protocol/gathering.ts'
import { readPartReplies, type PartReplies, type PartReply } from '../protocol/messages.ts'
import { userIdBytes } from '../state/sessions.ts'
import { Agreement } from './agreement.ts'
import type { LanePort, LaneSettings, Nobody } from './lane-port.ts'
import { Lane } from './lane.ts'

export interface SessionPort {
  readonly system: ActorSystem
  readonly random: Random
  /** To the parts of these ids, each its own; those on one node at once. */
  tellEach(replyTo: ActorRef<PartReplies>, requests: readonly OwnShare[]): void
  /** See `LanePort.whyNobody`. */
  whyNobody(part: string): Nobody | undefined
  /** What nobody waits to hear. */
  report(error: unknown): void
}

/** Answers that wait to be looked at: as many as may be asked for at once. What is too much is asked for again. */
const mailboxCapacity = 100_000

/** As many parts are remembered, however long ago they were used. */
const maxIdleLanes = 1_000
const idleMs = 60_000

export class Session {
  readonly #port: SessionPort
  readonly #settings: LaneSettings
  readonly #id: Uint8Array
  readonly #lanes = new Map<string, Lane>()
  /** The same, by what their sessions have behind the id. */
  readonly #lanesByGeneration = new Map<number, Lane>()
  readonly #outbox = new Set<Lane>()
  readonly #gathering = new Gathering()
  /** What lanes send just now, where it is the end of a turn. */
  #gathered: OwnShare[] | undefined
  /** By structure, with its options. */
  readonly #agreements = new Map<string, Agreement>()
  readonly #self: ActorRef<PartReplies>
  readonly #lanePort: LanePort
  #generations = 0
  #watches = 0
  #timer: Disposable | undefined
  #lookAt = Infinity
  #willFlush = false
  readonly #beforeClose = new Set<() => Promise<void>>()
  readonly #whenClosed = new Set<() => void>()
  #closing: Promise<void> | undefined
  #whyClosed: string | undefined
  #losing = new AbortController()
  #isClosed = false

  constructor(port: SessionPort, settings: LaneSettings) {
    const { system, random } = port
    this.#port = port
    this.#settings = settings
    const id = new ByteWriter(userIdBytes)
    while (id.length < userIdBytes) id.u32(Math.floor(random() * 0x1_0000_0000))
    this.#id = id.finish()
    this.#self = system.spawn(
      Behaviors.receiveMessage<PartReplies>((replies) => this.#receiveAll(replies)),
      { mailbox: { capacity: mailboxCapacity } },
    )
    this.#lanePort = {
      clock: system.clock,
      send: (part, request) => this.#send(part, request),
      whyNobody: (part) => port.whyNobody(part),
      newSession: (lane) => this.#newSession(lane),
      endSession: (session) => void this.#lanesByGeneration.delete(generationOf(session)),
      sessionLost: (error) => this.#lost(error),
      hasToSend: (lane) => this.#hasToSend(lane),
      deadlineMoved: (at) => this.#arm(at),
    }
  }

  /** In hexadecimal. */
  get id(): string {
    return Array.from(this.#id, (byte) => byte.toString(16).padStart(2, '0')).join('')
  }

  /** Aborts when it is lost at a part, or closed; another one takes its place where it is not closed. */
  get signal(): AbortSignal {
    return this.#losing.signal
  }

  #lost(error: DDataError): void {
    const losing = this.#losing
    if (!this.isClosed) this.#losing = new AbortController()
    losing.abort(error)
  }

  #newSession(lane: Lane): Uint8Array {
    const generation = ++this.#generations
    const session = new Uint8Array(userIdBytes + 4)
    session.set(this.#id)
    for (let at = 0; at < 4; at++) session[userIdBytes + at] = generation >>> (24 - 8 * at)
    this.#lanesByGeneration.set(generation, lane)
    return session
  }

  /** Whether no call can begin any more. */
  get isClosed(): boolean {
    return this.#closing !== undefined
  }

  get random(): Random {
    return this.#port.random
  }

  /** Has something given back before it says good-bye. It must come to an end, whoever answers. */
  beforeClose(giveBack: () => Promise<void>): void {
    this.#beforeClose.add(giveBack)
  }

  /** Has something dropped that nobody waits for any more. Disposed of, it is not called. */
  whenClosed(drop: () => void): Disposable {
    this.#whenClosed.add(drop)
    return { [Symbol.dispose]: () => void this.#whenClosed.delete(drop) }
  }

  /** @param applied - of what was under way */
  closed(what: string, applied: Applied = 'no'): DDataError {
    return DDataError.closed(what, { applied, why: this.#whyClosed })
  }

  /** @param what - is to be done there. @throws DDataError `CASTY_DDATA_CLOSED` */
  lane(part: string, what: string): Lane {
    if (this.isClosed) throw this.closed(what)
    const known = this.#lanes.get(part)
    if (known) return known
    if (this.#lanes.size >= maxIdleLanes) this.#forgetIdle()
    const lane = new Lane(part, this.#lanePort, this.#settings)
    this.#lanes.set(part, lane)
    return lane
  }

  /** Parts that were not used for long need not remember this session, nor it them. */
  #forgetIdle(): void {
    const before = this.clock.now() - idleMs
    for (const [part, lane] of this.#lanes) {
      if (!lane.isIdle || lane.heardAt > before) continue
      lane.post({ type: 'close' })
      lane.flush()
      this.#lanesByGeneration.delete(generationOf(lane.session))
      this.#lanes.delete(part)
    }
  }

  /** Tells watches apart. */
  nextWatch(): number {
    return ++this.#watches
  }

  get clock(): Clock {
    return this.#port.system.clock
  }

  /** @param structure - with its options, in a word */
  agreementOn(structure: string): Agreement {
    const agreement = this.#agreements.get(structure) ?? new Agreement(this.clock)
    this.#agreements.set(structure, agreement)
    return agreement
  }

  #send(part: string, request: Uint8Array): void {
    if (this.#gathered) this.#gathered.push([part, request])
    else this.#sendEach([[part, request]])
  }

  #sendEach(requests: readonly OwnShare[]): void {
    try {
      this.#port.tellEach(this.#self, requests)
    } catch (error) {
      this.#port.report(error) // It is sent again, until whoever waits for it gives up.
    }
  }

  #receiveAll(replies: PartReplies): void {
    try {
      const now = this.clock.now()
      for (const reply of readPartReplies(replies)) this.#receive(reply, now)
    } catch (error) {
      this.#port.report(error)
    }
  }

  /** One that cannot be read is in the way of none. */
  #receive({ session, body }: PartReply, now: number): void {
    for (let at = 0; at < userIdBytes; at++) if (session[at] !== this.#id[at]) return
    try {
      this.#lanesByGeneration.get(generationOf(session))?.receive(body, now)
    } catch (error) {
      this.#port.report(error)
    }
  }

  #hasToSend(lane: Lane): void {
    this.#outbox.add(lane)
    if (this.#gathering.adds()) this.#flush()
    if (this.#willFlush) return
    this.#willFlush = true
    void Promise.resolve().then(() => {
      this.#willFlush = false
      this.#gathering.turnEnds()
      this.#flush()
    })
  }

  #flush(): void {
    const lanes = [...this.#outbox]
    this.#outbox.clear()
    const requests: OwnShare[] = (this.#gathered = [])
    for (const lane of lanes) lane.flush()
    this.#gathered = undefined
    if (requests.length > 0) this.#sendEach(requests)
  }

  #arm(at: number): void {
    if (at >= this.#lookAt || this.#isClosed) return
    this.#lookAt = at
    this.#timer?.[Symbol.dispose]()
    const { clock } = this.#port.system
    this.#timer = clock.schedule(Math.max(0, Math.ceil(at - clock.now())), () => this.#look())
  }

  #look(): void {
    this.#lookAt = Infinity
    let next = Infinity
    for (const lane of this.#lanes.values()) next = Math.min(next, lane.look())
    this.#arm(next)
  }

  /**
   * Gives back what is held, says good-bye to all parts, and fails what is under way.
   *
   * @param why - a sentence without its end, where nobody asked for it
   */
  async close(why?: string): Promise<void> {
    if (!this.isClosed) this.#whyClosed = why
    const closing = (this.#closing ??= this.#close())
    this.#lost(this.closed('The session'))
    await closing
  }

  async #close(): Promise<void> {
    await Promise.allSettled([...this.#beforeClose].map(async (giveBack) => await giveBack()))
    for (const lane of this.#lanes.values()) {
      lane.close((what) => this.closed(what, 'unknown'))
      lane.post({ type: 'close' })
    }
    this.#flush()
    this.#isClosed = true
    this.#timer?.[Symbol.dispose]()
    for (const drop of this.#whenClosed) drop()
    this.#lanes.clear()
    this.#lanesByGeneration.clear()
    await this.#port.system.stop(this.#self)
  }
}

/** Which session of a process it is: what stands behind the id. */
function generationOf(session: Uint8Array): number {
  let generation = 0
  for (let at = userIdBytes; at < session.length; at++)
    generation = generation * 0x100 + (session[at] ?? 0)
  return generation
}
