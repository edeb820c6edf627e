// A process towards all structures: it has a lane to each part that it uses, gathers what a turn has to say to each of
// them, and keeps one timer for all.
import { Behaviors, type ActorRef, type ActorSystem } from '@casty/actor'
import type { Clock, Random } from '@casty/clock'
import { ByteReader, ByteWriter } from '@casty/transport'
import { DDataError } from '../errors.ts'
import {
  readPartReplies,
  type PartReplies,
  type PartReply,
  type PartRequest,
} from '../protocol/messages.ts'
import { Agreement } from './agreement.ts'
import { Lane, type LanePort, type LaneSettings } from './lane.ts'

export interface SessionPort {
  readonly system: ActorSystem
  readonly random: Random
  /** To the entity of that id. */
  tell(part: string, request: PartRequest): void
  /** Why nobody keeps a part, where that is known. */
  whyNobody(part: string): string | undefined
  /** What nobody waits to hear. */
  report(error: unknown): void
}

/** Answers that wait to be looked at: as many as may be asked for at once. What is too much is asked for again. */
const mailboxCapacity = 100_000
/** The rest of its 16 bytes tell the sessions of one lane apart. */
const idWords = 3

/** As many parts are remembered, however long ago they were used. */
const maxIdleLanes = 1_000
const idleMs = 60_000

export class Session {
  readonly #port: SessionPort
  readonly #settings: LaneSettings
  readonly #words: readonly number[]
  /** These, and room for what tells sessions of one lane apart. */
  readonly #id: Uint8Array
  readonly #lanes = new Map<string, Lane>()
  readonly #outbox = new Set<Lane>()
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
  #isClosed = false

  constructor(port: SessionPort, settings: LaneSettings) {
    const { system, random } = port
    this.#port = port
    this.#settings = settings
    this.#words = Array.from({ length: idWords }, () => Math.floor(random() * 0x1_0000_0000))
    const id = new ByteWriter(16)
    for (const word of this.#words) id.u32(word)
    this.#id = id.u32(0).finish()
    this.#self = system.spawn(
      Behaviors.receiveMessage<PartReplies>((replies) => this.#receiveAll(replies)),
      { mailbox: { capacity: mailboxCapacity } },
    )
    this.#lanePort = {
      clock: system.clock,
      send: (part, generation, body) => this.#send(part, generation, body),
      whyNobody: (part) => port.whyNobody(part),
      nextGeneration: () => ++this.#generations,
      hasToSend: (lane) => this.#hasToSend(lane),
      deadlineMoved: (at) => this.#arm(at),
    }
  }

  /** In hexadecimal. */
  get id(): string {
    return this.#words.map((word) => word.toString(16).padStart(8, '0')).join('')
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

  /** @throws DDataError `CASTY_DDATA_CLOSED` */
  lane(part: string): Lane {
    if (this.isClosed) throw DDataError.closed('A call')
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

  #send(part: string, generation: number, body: Uint8Array): void {
    const session = this.#id.slice()
    for (let at = 0; at < 4; at++) session[12 + at] = generation >>> (24 - 8 * at)
    try {
      this.#port.tell(part, { session, replyTo: this.#self, body })
    } catch (error) {
      this.#port.report(error) // It is sent again, until whoever waits for it gives up.
    }
  }

  #receiveAll(replies: PartReplies): void {
    try {
      for (const reply of readPartReplies(replies)) this.#receive(reply)
    } catch (error) {
      this.#port.report(error)
    }
  }

  /** One that cannot be read is in the way of none. */
  #receive({ part, session, body }: PartReply): void {
    const lane = this.#lanes.get(part)
    try {
      const id = new ByteReader(session)
      for (const word of this.#words) if (id.u32() !== word) return
      if (lane?.generation === id.u32()) lane.receive({ part, session, body })
    } catch (error) {
      this.#port.report(error)
    }
  }

  #hasToSend(lane: Lane): void {
    this.#outbox.add(lane)
    if (this.#willFlush) return
    this.#willFlush = true
    void Promise.resolve().then(() => {
      this.#willFlush = false
      this.#flush()
    })
  }

  #flush(): void {
    const lanes = [...this.#outbox]
    this.#outbox.clear()
    for (const lane of lanes) lane.flush()
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

  /** Gives back what is held, says good-bye to all parts, and fails what is under way. */
  async close(): Promise<void> {
    await (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    await Promise.allSettled([...this.#beforeClose].map(async (giveBack) => await giveBack()))
    for (const lane of this.#lanes.values()) {
      lane.close((what) => DDataError.closed(what, 'unknown'))
      lane.post({ type: 'close' })
    }
    this.#flush()
    this.#isClosed = true
    this.#timer?.[Symbol.dispose]()
    for (const drop of this.#whenClosed) drop()
    this.#lanes.clear()
    await this.#port.system.stop(this.#self)
  }
}
