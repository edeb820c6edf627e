// What runs in the shards: a counter whose additions are events in a journal that all nodes share, one whose events are
// kept in memory on several nodes, and one in memory that is handed over. All tell the record of every message, before they do anything about it.
import { Behaviors, type ActorRef, type Behavior } from '@casty/actor'
import type { Clock } from '@casty/clock'
import { eventSourced, type EventJournal } from '@casty/persistence'
import type { EntityContext } from '@casty/sharding'

/** What clients send. Each has its own `uid`. */
export interface ClientLetter {
  readonly type: 'add' | 'get'
  readonly uid: string
  /** The process that sent it, and which one of its letters to this entity it is, from 1. */
  readonly from: string
  readonly seq: number
  /** How long its handler waits before it answers, in milliseconds. */
  readonly workMs: number
  readonly replyTo?: ActorRef<Reply>
}

export type Reply =
  | { readonly type: 'total'; readonly total: number }
  /** Nothing was written. */
  | { readonly type: 'refused' }

/** One addition, as the journal keeps it. */
export interface Added {
  readonly uid: string
  readonly epoch: number
}

/** What an entity in memory hands over. */
export interface TallyState {
  readonly total: number
  /** Of the life that began with nothing, from which this one follows by handoffs. */
  readonly origin: string
}

/** Whom entities tell what they do: the record of the run. */
export interface EntityEar {
  /** A name that no other life has. */
  nextLife(): string
  /** Before anything else that a message comes to. */
  handles(entity: EntityContext<never>, letter: ClientLetter): void
  ticks(entity: EntityContext<never>): void
  begins(entity: EntityContext<never>, state: TallyState, isHandedOver: boolean): void
  leaves(entity: EntityContext<never>, state: TallyState): void
  /** All additions that there are, as far as it knows. */
  tells(entity: EntityContext<never>, events: readonly Added[]): void
  worked(): void
}

/** A counter in a journal, shared or in memory. */
export function ledger(
  entity: EntityContext<ClientLetter>,
  ear: EntityEar,
  journal: EventJournal,
): Behavior<ClientLetter> {
  const { epoch, entityId } = entity
  return eventSourced<ClientLetter, Added, readonly Added[]>({
    id: entityId,
    journal,
    epoch,
    initialState: [],
    journalTimeoutMs: 3_000,
    backoff: { minMs: 100, maxMs: 1_000 },
    onCommand(events, letter, { effects }) {
      ear.handles(entity, letter)
      const { replyTo, type, uid } = letter
      if (type === 'get') {
        const total = events.length
        ear.tells(entity, events)
        return replyTo ? effects.reply(replyTo, { type: 'total', total }) : effects.none()
      }
      return effects
        .persist({ uid, epoch })
        .thenRun((after) => replyTo?.tell({ type: 'total', total: after.length }))
        .ifRefused(() => replyTo?.tell({ type: 'refused' }))
    },
    onEvent: (events, event) => [...events, event],
  })
}

/** How often an entity in memory acts by itself, in milliseconds. */
const tickMs = 400

/** A counter in memory. */
export function tally(
  entity: EntityContext<ClientLetter>,
  ear: EntityEar,
  clock: Clock,
): Behavior<ClientLetter> {
  return Behaviors.setup<ClientLetter | Tick>((context) => {
    // Handed over by the same program.
    const former = entity.handedOver as TallyState | undefined
    const { total: begun, origin } = former ?? { total: 0, origin: ear.nextLife() }
    let total = begun
    ear.begins(entity, { total, origin }, former !== undefined)
    entity.handOver(() => {
      ear.leaves(entity, { total, origin })
      return { total, origin } satisfies TallyState
    })
    context.timers.startPeriodic('tick', tick, tickMs)
    return Behaviors.receive<ClientLetter | Tick>((message) => {
      if (message.type === 'tick') {
        ear.ticks(entity)
        return undefined
      }
      ear.handles(entity, message)
      if (message.type === 'add') total++
      const answer = (): void => message.replyTo?.tell({ type: 'total', total })
      if (message.workMs === 0) return answer()
      return work(clock, message.workMs).then(() => {
        ear.worked()
        answer()
      })
    })
  }) as Behavior<never> as Behavior<ClientLetter> // It sends itself more than others may send it.
}

interface Tick {
  readonly type: 'tick'
}
const tick: Tick = { type: 'tick' }

function work(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(ms, resolve)
  })
}
