// The entity that is measured, and who sends to it: the same whether it lives here or in another process.
import { Behaviors, type ActorRef, type ActorSystem, type Behavior } from '@casty/actor'
import type { EntityRegion } from '@casty/sharding'

export interface Add {
  readonly type: 'add'
  readonly amount: number
  readonly replyTo?: ActorRef<{ readonly total: number }>
}

export interface Progress {
  readonly type: 'progress'
  readonly total: number
}

/** To one entity: the ref is told how far all entities of its node together have come. */
export interface Begin {
  readonly type: 'begin'
  readonly sender: ActorRef<Progress>
}

export type Message = Add | Begin

/** As many as take turns at being asked. */
export const entityIds: readonly string[] = Array.from({ length: 100 }, (_, nr) => `counter-${nr}`)

export const burst = 1_000
const mostUnderWay = 20 * burst

/** The entities of one process count what comes without a question together. */
export function counters(counted: () => void): () => Behavior<Message> {
  let all = 0
  let sender: ActorRef<Progress> | undefined
  return () => {
    let total = 0
    return Behaviors.receive((message) => {
      if (message.type === 'begin') {
        sender = message.sender
        return
      }
      total += message.amount
      if (message.replyTo) message.replyTo.tell({ total })
      else {
        counted()
        if (++all % burst === 0) sender?.tell({ type: 'progress', total: all })
      }
    })
  }
}

/** Keeps so many questions under way. */
export function askOn(region: EntityRegion<Message>, inFlight: number, counted: () => void): void {
  let next = 0
  const ask = async (): Promise<never> => {
    for (;;) {
      const entityId = entityIds[next++ % entityIds.length] ?? ''
      await region.ask<{ readonly total: number }>(entityId, (replyTo) => ({
        type: 'add',
        amount: 3,
        replyTo,
      }))
      counted()
    }
  }
  for (let count = 0; count < inFlight; count++) void ask()
}

/** Sends no more than the entities have room for, as their progress tells. */
export function sendOn(system: ActorSystem, region: EntityRegion<Message>): void {
  const sending = Behaviors.setup<Progress>((context) => {
    let sent = 0
    let arrived = 0
    const send = (): void => {
      while (sent - arrived < mostUnderWay) {
        for (let count = 0; count < burst; count++) {
          region.tell(entityIds[sent++ % entityIds.length] ?? '', { type: 'add', amount: 1 })
        }
      }
    }
    region.tell(entityIds[0] ?? '', { type: 'begin', sender: context.self })
    send()
    return Behaviors.receive(({ total }) => {
      arrived = total
      send()
    })
  })
  system.spawn(sending)
}
