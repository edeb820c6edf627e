// Two nodes in one process, of which one sends to the other: first all is written and held, then all that was held is
// read. What either half takes of the processor is told by itself.
import { setImmediate as turn } from 'node:timers/promises'
import { ActorSystem, Behaviors, type ActorRef, type Behavior } from '@casty/actor'
import { systemClock } from '@casty/clock'
import { Cluster } from '@casty/membership'
import { Remoting } from '@casty/remote'
import { Sharding } from '@casty/sharding'
import { Endpoint, NodeAddress, type Transport } from '@casty/transport'
import { tcpTransport } from '@casty/transport-tcp'
import type { Assignment, EndFigures } from './measure.ts'
import { Tap } from './tap.ts'

interface Add {
  readonly type: 'add'
  readonly amount: number
}

/** Sends one message. */
type Send = () => void

const messages = 200_000
const warmUpRounds = 5
const measuredRounds = 9
/** Sent before anything is held: who is who, and by which connection, is known then. */
const firstMessages = 20_000
/** Between two turns, as a node that does something else as well would. */
const burst = 1_000
const mailbox = { capacity: 2 * messages }
const entityIds = Array.from({ length: 100 }, (_, index) => `counter-${index}`)
const frameType = 32
const frame = new Uint8Array(100).fill(7)

// Written by `measure.ts` in this folder.
const { subject } = JSON.parse(process.argv[2] ?? '') as Assignment
let counted = 0
const sender = new Tap(tcpTransport())
const receiver = new Tap(tcpTransport())
const send = await start()
process.send?.(await measure(), () => process.exit())

async function start(): Promise<Send> {
  switch (subject) {
    case 'frames':
      return await startFrames()
    case 'remote':
      return await startRemote()
    case 'sharded':
      return await startSharded()
  }
}

async function startFrames(): Promise<Send> {
  const to = await startEndpoint(receiver.transport, 1)
  const from = await startEndpoint(sender.transport, 2)
  to.handle(frameType, () => void counted++)
  const peer = await from.connect(to.self.address)
  return () => {
    const outcome = from.send(peer, 'data', frameType, frame, 0, frame.length)
    if (outcome === 'dropped') throw new Error('A frame was dropped: the figures would be wrong.')
  }
}

function startEndpoint(transport: Transport, incarnation: number): Promise<Endpoint> {
  const address = NodeAddress.parse('127.0.0.1:0')
  return Endpoint.start({
    transport,
    clock: systemClock,
    address,
    incarnation,
    clusterName: 'bench',
  })
}

interface Node {
  readonly system: ActorSystem
  readonly cluster: Cluster
  readonly remoting: Remoting
}

async function startNodes(): Promise<readonly [from: Node, to: Node]> {
  const to = await startNode(receiver.transport, undefined)
  const from = await startNode(sender.transport, to.cluster.self.address)
  await from.cluster.waitFor(2)
  return [from, to]
}

async function startNode(transport: Transport, seed: NodeAddress | undefined): Promise<Node> {
  const seeds = seed && { seedNodes: [seed.toString()] }
  const cluster = await Cluster.start({ name: 'bench', transport, ...seeds })
  const system = new ActorSystem()
  return { cluster, system, remoting: Remoting.attach({ system, cluster }) }
}

async function startRemote(): Promise<Send> {
  const [from, to] = await startNodes()
  to.system.spawn(counting(), { name: 'counter', mailbox })
  const counter: ActorRef<Add> = from.remoting.ref(to.cluster.self, '/counter')
  return () => counter.tell({ type: 'add', amount: 1 })
}

async function startSharded(): Promise<Send> {
  const [from, to] = await startNodes()
  Sharding.attach(to).start<Add>({ name: 'counter', entity: counting, mailbox })
  const region = Sharding.attach(from).startProxy<Add>({ name: 'counter' })
  let next = 0
  return () => region.tell(entityIds[next++ % entityIds.length] ?? '', { type: 'add', amount: 1 })
}

function counting(): Behavior<Add> {
  return Behaviors.receive(({ amount }) => void (counted += amount))
}

async function measure(): Promise<EndFigures> {
  await sendAll(firstMessages)
  while (counted < firstMessages) await turn()
  sender.hold()
  const figures: { sending: number[]; receiving: number[] } = { sending: [], receiving: [] }
  for (let round = 0; round < warmUpRounds + measuredRounds; round++) {
    const sending = await microsOf(() => sendAll(messages))
    const chunks = sender.take()
    const wanted = counted + messages
    const receiving = await microsOf(async () => {
      for (const chunk of chunks) {
        await receiver.bring(chunk)
        await turn()
      }
      while (counted < wanted) await turn()
    })
    if (round < warmUpRounds) continue
    figures.sending.push(sending / messages)
    figures.receiving.push(receiving / messages)
  }
  return figures
}

async function sendAll(count: number): Promise<void> {
  for (let sent = 0; sent < count; sent++) {
    send()
    if (sent % burst === burst - 1) await turn()
  }
  await turn()
}

/** Of the processor, in microseconds. */
async function microsOf(act: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await act()
  const { user, system } = process.cpuUsage(before)
  return user + system
}
