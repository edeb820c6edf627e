// Accounts on a journal in memory, on a clock that a test moves.
import {
  ActorSystem,
  type ActorRef,
  type ActorSystemOptions,
  type Behavior,
  type Ending,
  type MailboxSettings,
  type SystemEvent,
} from '@casty/actor'
import { ManualClock, seededRandom } from '@casty/clock'
import {
  eventSourced,
  inMemoryJournal,
  type Effect,
  type EventSourcedContext,
  type EventSourcedOptions,
  type InMemoryJournal,
  type StoredEvent,
} from '@casty/persistence'

export interface Balance {
  readonly total: number
  readonly expectedSequenceNr: number
  readonly epoch: number
}

export type AccountCommand =
  | {
      readonly type: 'add'
      readonly amounts: readonly number[]
      readonly replyTo?: ActorRef<number>
    }
  | { readonly type: 'read'; readonly replyTo: ActorRef<Balance> }
  | { readonly type: 'stop' }
  | { readonly type: 'wait' }
  | { readonly type: 'go' }
  | { readonly type: 'unknown' }
  | { readonly type: 'throw' }

export interface Added {
  readonly type: 'added'
  readonly amount: number
}

export type AccountOptions = Partial<EventSourcedOptions<AccountCommand, Added, number>>

export function onCommand(
  total: number,
  command: AccountCommand,
  context: EventSourcedContext<AccountCommand, Added, number>,
): Effect<Added, number> {
  const { effects, expectedSequenceNr, epoch } = context
  switch (command.type) {
    case 'add': {
      const added = command.amounts.map((amount): Added => ({ type: 'added', amount }))
      const effect = effects.persistAll(added)
      return command.replyTo ? effect.thenReply(command.replyTo, (sum) => sum) : effect
    }
    case 'read':
      return effects.reply(command.replyTo, { total, expectedSequenceNr, epoch })
    case 'stop':
      return effects.persist({ type: 'added', amount: 1_000 }).thenStop()
    case 'wait':
      return effects.stash()
    case 'go':
      return effects.persist({ type: 'added', amount: 1 }).thenUnstashAll()
    case 'unknown':
      return effects.unhandled()
    case 'throw':
      throw new Error('thrown by a command')
  }
}

interface SpawnSettings {
  readonly wrap?: (inner: Behavior<AccountCommand>) => Behavior<AccountCommand>
  readonly mailbox?: Partial<MailboxSettings>
}

/** A process: a system of actors with a journal of its own, which can end without a word. */
export class Process {
  readonly system: ActorSystem
  readonly journal: InMemoryJournal
  readonly events: SystemEvent[] = []
  readonly #clock: ManualClock

  constructor(clock: ManualClock, journal: InMemoryJournal, options: ActorSystemOptions = {}) {
    this.#clock = clock
    this.journal = journal
    this.system = new ActorSystem({ clock, random: seededRandom(1), ...options })
    this.system.subscribe((event) => this.events.push(event))
  }

  spawn(
    options: AccountOptions = {},
    { wrap = (inner) => inner, mailbox = {} }: SpawnSettings = {},
  ): ActorRef<AccountCommand> {
    const behavior = eventSourced<AccountCommand, Added, number>({
      id: 'account',
      journal: this.journal,
      initialState: 0,
      onCommand,
      onEvent: (total, { amount }) => total + amount,
      ...options,
    })
    return this.system.spawn(wrap(behavior), { mailbox })
  }

  /** Lets everybody do what there is to do. */
  async idle(): Promise<void> {
    await this.#clock.advanceAsync(0)
  }

  async pass(ms: number): Promise<void> {
    await this.#clock.advanceAsync(ms)
  }

  async askAdd(
    account: ActorRef<AccountCommand>,
    amounts: readonly number[],
    timeoutMs = 5_000,
  ): Promise<number> {
    const question = (replyTo: ActorRef<number>): AccountCommand => ({
      type: 'add',
      amounts,
      replyTo,
    })
    return await this.system.ask(account, question, { timeoutMs })
  }

  async askRead(account: ActorRef<AccountCommand>, timeoutMs = 5_000): Promise<Balance> {
    const question = (replyTo: ActorRef<Balance>): AccountCommand => ({ type: 'read', replyTo })
    return await this.system.ask(account, question, { timeoutMs })
  }

  /** Asks, and lets everybody do what there is to do. */
  async add(account: ActorRef<AccountCommand>, ...amounts: readonly number[]): Promise<number> {
    return await this.answered(this.askAdd(account, amounts))
  }

  /** Asks, and lets everybody do what there is to do. */
  async read(account: ActorRef<AccountCommand>): Promise<Balance> {
    return await this.answered(this.askRead(account))
  }

  async answered<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => {}) // It is looked at when everybody is idle.
    await this.idle()
    return await promise
  }

  /** What actors failed with, by code where there is one. */
  get failures(): readonly string[] {
    return this.events.flatMap((event) => {
      if (event.type !== 'actor-failed') return []
      const { error, directive } = event
      const isCoded = error instanceof Error && 'code' in error
      return [`${isCoded ? String(error.code) : String(error)} ${directive}`]
    })
  }

  get endings(): readonly Ending[] {
    return this.events.flatMap((event) => (event.type === 'actor-stopped' ? [event.ending] : []))
  }

  get lost(): readonly string[] {
    return this.events.flatMap((event) =>
      event.type === 'dead-letter' ? [event.deadLetter.reason] : [],
    )
  }
}

/** Processes around one memory. */
export class World {
  readonly clock = new ManualClock()
  readonly memory: InMemoryJournal = inMemoryJournal({ clock: this.clock })

  start(options?: ActorSystemOptions): Process {
    return new Process(this.clock, this.memory.open(), options)
  }

  async stored(id = 'account'): Promise<readonly StoredEvent[]> {
    const { deletedTo } = await this.memory.highest(id)
    const list: StoredEvent[] = []
    for await (const event of this.memory.events(id, { fromSequenceNr: deletedTo + 1 })) {
      list.push(event)
    }
    return list
  }

  /** What is in the journal, as amounts. */
  async amounts(): Promise<readonly number[]> {
    const decoder = new TextDecoder()
    return (await this.stored()).map(({ bytes }) => {
      // Written by accounts only.
      return (JSON.parse(decoder.decode(bytes)) as Added).amount
    })
  }
}

/** What whoever asked hears where there will be no answer. */
export const unanswered = { code: 'CASTY_ACTOR_ASK_UNANSWERED' }

/** An account to which amounts were added, each by one command. */
export async function accountWith(
  process: Process,
  ...amounts: readonly number[]
): Promise<ActorRef<AccountCommand>> {
  const account = process.spawn()
  await process.add(account, ...amounts)
  return account
}
