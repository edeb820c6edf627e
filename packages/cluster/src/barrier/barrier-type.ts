// Barriers as entities: one for each name.
import { Behaviors, type ActorRef } from '@casty/actor'
import type { EntityType } from '@casty/sharding'
import type { BarrierAnswer, BarrierMessage } from './barrier-messages.ts'
import { BarrierRounds, type Answers, type BarrierState } from './barrier-rounds.ts'

/** The entity type that barriers are of, on all nodes. */
export const barrierType: EntityType<BarrierMessage> = {
  name: 'casty:barrier',
  numShards: 16,
  entity: (context) =>
    Behaviors.setup(({ system: { clock } }) => {
      // All nodes run the same version of this package, or refuse each other.
      const before = context.handedOver as BarrierState | undefined
      const rounds = new BarrierRounds<ActorRef<BarrierAnswer>>(before, clock.now())
      context.handOver(() => rounds.state(clock.now()))
      const behavior = Behaviors.receive<BarrierMessage>((message) => {
        const { id, replyTo } = message
        const now = clock.now()
        switch (message.type) {
          case 'arrive':
            send(rounds.arrive(id, message.isAgain, message.parties, replyTo, now))
            return
          case 'confirm':
            send(rounds.confirm(id, message.round, replyTo, now))
            return
          case 'withdraw':
            send(rounds.withdraw(id, replyTo))
        }
      })
      return Behaviors.withLifecycle(behavior, { postStop: () => send(rounds.end()) })
    }),
}

function send(answers: Answers<ActorRef<BarrierAnswer>>): void {
  for (const [replyTo, answer] of answers) replyTo.tell(answer)
}
