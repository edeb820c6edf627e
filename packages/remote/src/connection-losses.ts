// What connections between nodes lose on the way: who waits for an answer is told at once, and listeners are of the gap.
import type { Endpoint, EndpointEvent } from '@casty/transport'
import type { AskSlots } from './ask-slots.ts'
import type { RemoteEvent } from './events.ts'
import { remoteFrameTypes } from './frame-types.ts'
import type { Outbox } from './outbox.ts'
import type { Peer } from './peer.ts'
import type { Peers } from './peers.ts'

export interface ConnectionLossesParts {
  readonly peers: Peers
  readonly slots: AskSlots
  readonly outbox: Outbox
  readonly publish: (event: RemoteEvent) => void
}

/** Follows the connections of an endpoint until the result is disposed of. */
export function followConnections(
  endpoint: Pick<Endpoint, 'subscribe' | 'isConnected'>,
  parts: ConnectionLossesParts,
): Disposable {
  return endpoint.subscribe((event) => connectionChanged(event, endpoint, parts))
}

const ownFrames: ReadonlySet<number> = new Set(Object.values(remoteFrameTypes))

function connectionChanged(
  event: EndpointEvent,
  endpoint: Pick<Endpoint, 'isConnected'>,
  parts: ConnectionLossesParts,
): void {
  const { peers, outbox } = parts
  switch (event.type) {
    case 'frame-dropped':
      if (ownFrames.has(event.frameType)) outbox.frameDropped(event.reason)
      return
    case 'lane-closed':
      if (event.lane === 'data' && event.lostFrames > 0) lost([peers.of(event.peer)], event, parts)
      return
    case 'dial-failed':
      // Nobody listens there: the process is gone, with whatever it had not answered.
      if (event.failure === 'refused') died(peers.at(event.address), parts)
      if (event.lane === 'data') lost(peers.at(event.address), event, parts)
      return
    case 'dial-refused':
      // It sends nothing any more; what it has sent before may be on its way.
      if (event.refusal.reason === 'closing') {
        const isOver = ({ node }: Peer): boolean => !endpoint.isConnected(node, 'data')
        died(peers.at(event.address).filter(isOver), parts)
      }
      if (event.lane === 'data') lost(peers.at(event.address), event, parts)
      return
    default: // What opens and drains concerns nobody here.
  }
}

/** The newest of what was sent there is gone: some of it may be of other layers. */
function lost(
  peers: readonly Peer[],
  { lostFrames }: { readonly lostFrames: number },
  { publish, slots }: ConnectionLossesParts,
): void {
  if (lostFrames === 0) return
  for (const peer of peers) {
    const count = Math.min(lostFrames, peer.partsSent)
    if (count === 0) continue
    publish({ type: 'gap', node: peer.node, direction: 'sent', count: lostFrames })
    slots.fail(peer, 'lost', peer.partsSent - count)
  }
}

/** Word that it is no member any more may take long, or never come: who waits for answers is told at once. */
function died(peers: readonly Peer[], { slots }: ConnectionLossesParts): void {
  for (const peer of peers) slots.fail(peer, 'lost')
}
