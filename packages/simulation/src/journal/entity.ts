// What runs on top of the journal: an actor whose state is the list of its events, by name. So whatever is lost,
// doubled or out of place shows in the state.
import type { ActorRef, Behavior } from '@casty/actor'
import {
  eventSourced,
  isJournalError,
  type EventInfo,
  type EventJournal,
  type PersistenceWarning,
} from '@casty/persistence'
import { nameOf, type Written } from './event-name.ts'

/** Names of events, oldest first. */
export type Applied = readonly string[]

/** What is written at once. */
export interface Batch {
  /** So many events. */
  readonly of: number
  /** Each of them, about. */
  readonly bytes: number
}

export type Command =
  | (Batch & {
      readonly type: 'write'
      /** Of the command; no other one has it. */
      readonly uid: string
      readonly replyTo: ActorRef<Reply>
    })
  | { readonly type: 'read'; readonly replyTo: ActorRef<Reply> }

export interface Told {
  readonly type: 'told'
  readonly writer: Writer
  readonly applied: Applied
}

export type Reply = Told | { readonly type: 'refused'; readonly isFull: boolean }

/** An incarnation of an actor. */
export interface Writer {
  readonly name: string
  readonly epoch: number
}

interface EntityEvent {
  readonly name: string
  readonly padding: string
}

export interface EntityOptions {
  readonly id: string
  readonly journal: EventJournal
  /** Of this actor; no other one of its id has it. */
  readonly writer: string
  /** @defaultValue the next one at each start */
  readonly epoch: number | undefined
  readonly snapshots: {
    readonly every: number
    readonly keep: number
    readonly deleteEvents: boolean
  }
  readonly onRecovered: (applied: Applied, writer: Writer, eventsRead: number) => void
  readonly onEvent: (applied: Applied, event: Written, info: EventInfo) => void
  readonly onWarning: (warning: PersistenceWarning) => void
}

export function entity(options: EntityOptions): Behavior<Command> {
  const { id, journal, epoch, snapshots, onWarning } = options
  let read = 0
  const writerOf = (own: number): Writer => ({ name: `${options.writer}e${own}`, epoch: own })
  return eventSourced<Command, EntityEvent, Applied>({
    id,
    journal,
    snapshots,
    onWarning,
    ...(epoch !== undefined && { epoch }),
    initialState: [],
    onRecovered(applied, context) {
      options.onRecovered(applied, writerOf(context.epoch), read)
      read = 0
    },
    onCommand(applied, command, { effects, epoch: own }) {
      const writer = writerOf(own)
      const { replyTo } = command
      if (command.type === 'read') return effects.reply(replyTo, { type: 'told', writer, applied })
      const { uid, of, bytes } = command
      const events = Array.from({ length: of }, (_, part) => ({
        name: nameOf({ uid, part, of, epoch: own, writer: writer.name }),
        padding: paddingText.repeat(bytes),
      }))
      return effects
        .persistAll(events)
        .thenReply(replyTo, (after): Reply => ({ type: 'told', writer, applied: after }))
        .ifRefused(({ cause }) => {
          const isFull = isJournalError(cause) && cause.code === 'CASTY_JOURNAL_FULL'
          replyTo.tell({ type: 'refused', isFull })
        })
    },
    onEvent(applied, { name, padding }, info) {
      read++
      options.onEvent(applied, { name, isWhole: isPadding(padding), epoch: info.epoch }, info)
      return [...applied, name]
    },
  })
}

const paddingText = 'x'

/** Whether it is as it was written: a journal may give no other. */
export function isPadding(text: unknown): boolean {
  return typeof text === 'string' && text === paddingText.repeat(text.length)
}
