import { ActorSystem, Behaviors, type ActorRef, type Behavior } from '@casty/actor'
import { type Bounded, type Message, type Subject } from './subject.ts'

interface Question extends Message {
  readonly replyTo: ActorRef<number>
}

type Ref = ActorRef<Message>

const system = new ActorSystem()

export const casty: Subject<Behavior<Message>, Ref> & Bounded<Behavior<Message>, Ref> = {
  define: (onMessage) => Behaviors.receive<Message>(onMessage),
  spawn: (behavior) => system.spawn(behavior),
  tell(ref, message) {
    ref.tell(message)
  },
  spawnAnswering: () =>
    system.spawn(
      Behaviors.receive<Message>((message) => {
        const { replyTo, value } = message as Question // Only asked, and `ask` sends questions.
        replyTo.tell(value + 1)
      }),
    ),
  // Its timeout is the default.
  ask: (ref, value) =>
    system.ask(ref, (replyTo: ActorRef<number>): Question => ({ type: 'message', value, replyTo })),
  async stop(refs) {
    await Promise.all(refs.map((ref) => system.stop(ref)))
  },
  spawnBounded: (behavior, capacity, overflow) =>
    system.spawn(behavior, { mailbox: { capacity, overflow } }),
  dropped: () => system.deadLetters['mailbox-full'] ?? 0,
}
