// The journal that all nodes write to, on a server of its own that never fails: the way there and back does. Requests
// are late, get lost or lose their answer, so that a write of a former owner may come long after it was sent.
import type { Random } from '@casty/clock'
import {
  inMemoryJournal,
  isJournalError,
  JournalError,
  type AppendRequest,
  type EventJournal,
  type InMemoryJournal,
  type JournalHead,
  type JournalLimits,
  type ReadOptions,
  type StoredEvent,
  type StoredSnapshot,
  type WriterOptions,
} from '@casty/persistence'
import type { NodeClock } from '../world/node-clock.ts'
import type { World } from '../world/world.ts'

/** What goes wrong on the way between one host and the journal. */
export type JournalFault =
  | { readonly type: 'requests-lost' }
  | { readonly type: 'answers-lost' }
  /** Each request, not its answer, takes up to so long, in milliseconds. */
  | { readonly type: 'slow'; readonly upToMs: number }

/** A client gives a request up after so long, in milliseconds. */
const giveUpMs = 1_500

/** Told by the server: also of what nobody ever hears the answer to. */
export interface JournalServicePort {
  /** A request was refused that its sender has given up already. */
  lateRefused(): void
  claimed(id: string, epoch: number, head: JournalHead): void
}

export class JournalService {
  readonly server: InMemoryJournal
  readonly #world: Pick<World<unknown>, 'clock'>
  readonly #random: Random
  readonly #port: JournalServicePort
  readonly #faults = new Map<string, JournalFault>()

  constructor(world: Pick<World<unknown>, 'clock'>, random: Random, port: JournalServicePort) {
    this.#world = world
    this.#random = random
    this.#port = port
    this.server = inMemoryJournal({ clock: world.clock })
  }

  /** Lays a fault on the way of one host, until `heal`, or another. */
  disturb(host: string, fault: JournalFault): void {
    this.#faults.set(host, fault)
  }

  mend(host: string, fault: JournalFault): void {
    if (this.#faults.get(host) === fault) this.#faults.delete(host)
  }

  heal(): void {
    this.#faults.clear()
  }

  /** The journal as a process of `host` has it, which goes by `clock`. */
  clientOf(host: string, clock: NodeClock): EventJournal {
    return new JournalClient(
      this.server,
      async (what, request) => await this.#hop(host, clock, what, request),
      this.#port,
    )
  }

  async #hop<T>(
    host: string,
    clock: NodeClock,
    what: string,
    request: () => Promise<T>,
  ): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      let isGivenUp = false
      const late = clock.schedule(giveUpMs, () => {
        isGivenUp = true
        reject(JournalError.unavailable(what, 'unknown'))
      })
      const world = this.#world.clock
      // What a process that is blocked does is done after that, as the world sees it.
      const thereMs = clock.aheadMs + this.#wayMs(host)
      const answer = (settle: () => void): void => {
        if (this.#faults.get(host)?.type === 'answers-lost') return
        world.schedule(0.2 + this.#random(), () =>
          clock.schedule(0, () => {
            late[Symbol.dispose]()
            settle()
          }),
        )
      }
      world.schedule(thereMs, () => {
        if (this.#faults.get(host)?.type === 'requests-lost') return
        request().then(
          (value) => answer(() => resolve(value)),
          (error: unknown) => {
            if (isGivenUp && isFenced(error)) this.#port.lateRefused()
            answer(() => reject(error))
          },
        )
      })
    })
  }

  #wayMs(host: string): number {
    const fault = this.#faults.get(host)
    const mostMs = fault?.type === 'slow' ? fault.upToMs : 1
    return 0.2 + this.#random() * mostMs
  }
}

function isFenced(error: unknown): boolean {
  return isJournalError(error) && error.code === 'CASTY_JOURNAL_FENCED'
}

type Hop = <T>(what: string, request: () => Promise<T>) => Promise<T>

class JournalClient implements EventJournal {
  readonly #server: EventJournal
  readonly #hop: Hop
  readonly #port: JournalServicePort

  constructor(server: EventJournal, hop: Hop, port: JournalServicePort) {
    this.#server = server
    this.#hop = hop
    this.#port = port
  }

  get limits(): JournalLimits {
    return this.#server.limits
  }

  async append(id: string, request: AppendRequest): Promise<void> {
    await this.#hop(`append to ${id}`, async () => await this.#server.append(id, request))
  }

  async claim(id: string, epoch: number): Promise<JournalHead> {
    return await this.#hop(`claim ${id}`, async () => {
      const head = await this.#server.claim(id, epoch)
      this.#port.claimed(id, epoch, head)
      return head
    })
  }

  async highest(id: string): Promise<JournalHead> {
    return await this.#hop(`look at ${id}`, async () => await this.#server.highest(id))
  }

  /** All in one answer: there are few. */
  async *events(id: string, options?: ReadOptions): AsyncIterable<StoredEvent> {
    yield* await this.#hop(`read ${id}`, async () => await listOf(this.#server.events(id, options)))
  }

  async deleteEvents(id: string, toSequenceNr: number, options?: WriterOptions): Promise<void> {
    await this.#hop(
      'delete',
      async () => await this.#server.deleteEvents(id, toSequenceNr, options),
    )
  }

  async saveSnapshot(id: string, snapshot: StoredSnapshot, options?: WriterOptions): Promise<void> {
    await this.#hop('save', async () => await this.#server.saveSnapshot(id, snapshot, options))
  }

  async latestSnapshot(id: string, atMost?: number): Promise<StoredSnapshot | undefined> {
    return await this.#hop('find', async () => await this.#server.latestSnapshot(id, atMost))
  }

  async deleteSnapshots(id: string, toSequenceNr: number, options?: WriterOptions): Promise<void> {
    await this.#hop(
      'drop',
      async () => await this.#server.deleteSnapshots(id, toSequenceNr, options),
    )
  }

  async *ids(): AsyncIterable<string> {
    yield* await this.#hop('list', async () => await listOf(this.#server.ids()))
  }

  /** The server goes on for the others. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve()
  }
}

async function listOf<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = []
  for await (const value of values) list.push(value)
  return list
}
