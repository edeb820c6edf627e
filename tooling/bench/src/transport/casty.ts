import { systemClock } from '@casty/clock'
import { Endpoint, NodeAddress, type NodeIdentity, type Transport } from '@casty/transport'
import type { Link, OnFrame, Subject } from './subject.ts'

const frameType = 32

/** What is measured: the data lane between two endpoints. */
export function casty(transport: Transport): Subject {
  return {
    async listen(onFrame) {
      const endpoint = await start(transport)
      handle(endpoint, onFrame)
      return endpoint.self.address.port
    },
    async connect(port, onFrame) {
      const endpoint = await start(transport)
      const links = handle(endpoint, onFrame)
      return links(await endpoint.connect(NodeAddress.of('127.0.0.1', port)))
    },
  }
}

function start(transport: Transport): Promise<Endpoint> {
  return Endpoint.start({
    transport,
    clock: systemClock,
    address: NodeAddress.parse('127.0.0.1:0'),
    incarnation: systemClock.wallNow(),
    clusterName: 'bench',
  })
}

/** Hands on what arrives. There is one peer, so one link will do. */
function handle(endpoint: Endpoint, onFrame: OnFrame): (peer: NodeIdentity) => Link {
  let link: EndpointLink | undefined
  const linkTo = (peer: NodeIdentity): EndpointLink => (link ??= new EndpointLink(endpoint, peer))
  endpoint.handle(frameType, (from, bytes, start, end) => onFrame(linkTo(from), bytes, start, end))
  endpoint.subscribe((event) => {
    if (event.type === 'lane-drained') link?.drained()
  })
  return linkTo
}

class EndpointLink implements Link {
  drained: () => void = () => {}
  readonly #endpoint: Endpoint
  readonly #peer: NodeIdentity

  constructor(endpoint: Endpoint, peer: NodeIdentity) {
    this.#endpoint = endpoint
    this.#peer = peer
  }

  send(bytes: Uint8Array, start: number, end: number): boolean {
    const outcome = this.#endpoint.send(this.#peer, 'data', frameType, bytes, start, end)
    if (outcome === 'dropped') throw new Error('A frame was dropped: the figures would be wrong.')
    return outcome === 'sent'
  }
}
