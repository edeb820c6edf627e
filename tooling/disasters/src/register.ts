// The entity that clients read and write: every write is an event, and its version the number of that event.
import type { ActorRef, Behavior } from '@casty/actor'
import { eventSourced, type EventJournal } from '@casty/persistence'
import type { Answer, Question } from './protocol.ts'

export type Command = Question & { readonly replyTo: ActorRef<Answer> }

export interface Written {
  readonly type: 'written'
  readonly value: string
}

interface State {
  readonly value: string | null
  readonly version: number
}

/** @param epoch - of the owner: the journal refuses what those before it still write */
export function register(id: string, epoch: number, journal: EventJournal): Behavior<Command> {
  return eventSourced<Command, Written, State>({
    id,
    epoch,
    journal,
    initialState: { value: null, version: 0 },
    onCommand: (state, command, { effects }) =>
      command.type === 'read'
        ? effects.reply(command.replyTo, state)
        : effects
            .persist({ type: 'written', value: command.value })
            .thenReply(command.replyTo, ({ version }) => version),
    onEvent: (_, { value }, { sequenceNr }) => ({ value, version: sequenceNr }),
  })
}
