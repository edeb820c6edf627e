// Barriers as entities: one for each name.
import { Behaviors, type ActorRef } from '@casty/actor'
import type { EntityType } from '@casty/sharding'
import type { BarrierAnswer, BarrierMessage } from './barrier-messages.ts'
import { BarrierRounds, type Answers } from './barrier-rounds.ts'

/** The entity type that barriers are of, on all nodes. */
export const barrierType: EntityType<BarrierMessage> = {
  name: 'casty:barrier',
  numShards: 16,
  entity: () =>
    Behaviors.setup(({ system: { clock } }) => {
      const rounds = new BarrierRounds<ActorRef<BarrierAnswer>>()
      const behavior = Behaviors.receive<BarrierMessage>((message) => {
        switch (message.type) {
          case 'arrive':
            send(rounds.arrive(message.id, message.parties, message.replyTo, clock.now()))
            return
          case 'confirm':
            send(rounds.confirm(message.id, message.round, message.replyTo, clock.now()))
            return
          case 'withdraw':
            rounds.withdraw(message.id)
        }
      })
      return Behaviors.withLifecycle(behavior, { postStop: () => send(rounds.end()) })
    }),
}

function send(answers: Answers<ActorRef<BarrierAnswer>>): void {
  for (const [replyTo, answer] of answers) replyTo.tell(answer)
}
