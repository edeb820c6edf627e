// One of two nodes in a process of its own: the first has an actor that counts, the second asks it, or sends
// to it as much as it takes.
import { ActorSystem, Behaviors, type ActorRef, type Behavior } from '@casty/actor'
import { Cluster } from '@casty/membership'
import { Remoting } from '@casty/remote'
import { tcpTransport } from '@casty/transport-tcp'
import type { PairReport } from '../pair.ts'
import { Meter } from '../transport/workload.ts'
import type { Assignment, RemoteWorkload } from './measure.ts'

interface Add {
  readonly type: 'add'
  readonly amount: number
  readonly replyTo?: ActorRef<{ readonly total: number }>
}

interface Progress {
  readonly type: 'progress'
  readonly total: number
}

type Message = Add | { readonly type: 'begin'; readonly sender: ActorRef<Progress> }

/** More code takes part than in bare frames, and longer to be compiled. */
const warmUpMs = 2_500
const burst = 1_000
const mostUnderWay = 20 * burst

// Written by `measureRemote`.
const { workload, port } = JSON.parse(process.argv[2] ?? '') as Assignment
process.on('disconnect', () => process.exit())

const isSequential = workload.type === 'ask' && workload.inFlight === 1
const warmUp = { ms: warmUpMs, count: isSequential ? 50_000 : 500_000 }
const meter = new Meter((perSecond) => report({ type: 'measured', perSecond }), warmUp)
const cluster = await Cluster.start({
  name: 'bench',
  transport: tcpTransport(),
  ...(port !== undefined && { seedNodes: [`127.0.0.1:${port}`] }),
})
const system = new ActorSystem()
const remoting = Remoting.attach({ system, cluster })
if (port === undefined) {
  system.spawn(counting(), { name: 'counter', mailbox: { capacity: 10 * mostUnderWay } })
  report({ type: 'listening', port: cluster.self.address.port })
} else {
  const state = await cluster.waitFor(2)
  const first = state.members.find(({ address }) => address.port === port)
  if (!first) throw new Error('The first node is no member.')
  drive(workload, remoting.ref<Message>(first.node, '/counter'))
}

function counting(): Behavior<Message> {
  let total = 0
  let sender: ActorRef<Progress> | undefined
  return Behaviors.receive((message) => {
    if (message.type === 'begin') {
      sender = message.sender
      return
    }
    total += message.amount
    if (message.replyTo) message.replyTo.tell({ total })
    else {
      meter.count()
      if (total % burst === 0) sender?.tell({ type: 'progress', total })
    }
  })
}

function drive(todo: RemoteWorkload, counter: ActorRef<Message>): void {
  switch (todo.type) {
    case 'ask':
      for (let count = 0; count < todo.inFlight; count++) void askOn(counter)
      return
    case 'one-way':
      system.spawn(sending(counter))
  }
}

async function askOn(counter: ActorRef<Message>): Promise<never> {
  for (;;) {
    await system.ask<Message, { readonly total: number }>(counter, (replyTo) => ({
      type: 'add',
      amount: 3,
      replyTo,
    }))
    meter.count()
  }
}

/** Sends no more than the counter has room for, as its progress tells. */
function sending(counter: ActorRef<Message>): Behavior<Progress> {
  return Behaviors.setup((context) => {
    let sent = 0
    let arrived = 0
    const send = (): void => {
      while (sent - arrived < mostUnderWay) {
        for (let count = 0; count < burst; count++) counter.tell({ type: 'add', amount: 1 })
        sent += burst
      }
    }
    counter.tell({ type: 'begin', sender: context.self })
    send()
    return Behaviors.receive(({ total }) => {
      arrived = total
      send()
    })
  })
}

function report(message: PairReport): void {
  process.send?.(message)
}
