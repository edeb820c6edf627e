import type { ActorRef } from '@casty/actor'
import { Behaviors, type SingletonBehavior } from '@casty/cluster'

/** Adds up what it is told, and answers whoever asks with the sum and its process. */
export type Tallied = number | ActorRef<{ readonly sum: number; readonly pid: number }>

export const tally: SingletonBehavior<Tallied> = Behaviors.singleton((context) => {
  let sum = Number(context.handedOver ?? 0)
  context.handOver(() => sum)
  return Behaviors.receiveMessage((message) => {
    if (typeof message === 'number') sum += message
    else message.tell({ sum, pid: process.pid })
  })
})
