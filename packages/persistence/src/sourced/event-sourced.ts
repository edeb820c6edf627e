import { Behaviors, type Behavior } from '@casty/actor'
import { effectsOf } from './effect.ts'
import type { EventSourcedOptions } from './options.ts'
import { recover } from './recovery.ts'
import { checkedSettings } from './settings.ts'
import { SourcedActor } from './sourced-actor.ts'

/**
 * An actor whose state is the sum of its events: a command comes to events, which are written before they
 * are in the state, and before anybody is answered. It starts by reading what was written; commands wait in
 * its mailbox meanwhile, as they do while it writes.
 *
 * A write that was refused is this command's failure alone: the actor goes on as it was. One whose outcome
 * nobody knows, or a journal that does not answer, has it start again after a pause, and read what is there.
 * One that is fenced, or whose events cannot be read, stops. For all else that is thrown it is as with other
 * actors.
 *
 * @throws PersistenceError `CASTY_PERSISTENCE_INVALID_OPTION`
 * @example
 * const counter = eventSourced<ActorRef<number>, 'counted', number>({
 *   id: 'counter',
 *   journal: inMemoryJournal(),
 *   initialState: 0,
 *   onCommand: (_count, replyTo, { effects }) =>
 *     effects.persist('counted').thenReply(replyTo, (count) => count),
 *   onEvent: (count) => count + 1,
 * })
 */
export function eventSourced<Command, Event, State>(
  options: EventSourcedOptions<Command, Event, State>,
): Behavior<Command> {
  const settings = checkedSettings(options)
  const effects = effectsOf<Event, State>()
  const { onSignal } = settings
  const behavior = Behaviors.setup<Command>(async (context) => {
    const recovered = await recover(settings, context)
    const actor = new SourcedActor(settings, effects, context, recovered)
    actor.recovered()
    return Behaviors.receive(
      (command) => actor.handle(command),
      onSignal && ((signal) => actor.handleSignal(onSignal, signal)),
    )
  })
  return Behaviors.supervise(behavior, settings.strategy)
}
