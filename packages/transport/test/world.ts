import { ManualClock, seededRandom } from '@casty/clock'
import {
  createMemoryNetwork,
  Endpoint,
  NodeAddress,
  RecordingSink,
  type EndpointEvent,
  type EndpointOptions,
  type MemoryNetwork,
  type MemoryTransport,
} from '@casty/transport'

/** An endpoint with a record of what it received and was told. */
export interface Node extends AsyncDisposable {
  readonly endpoint: Endpoint
  readonly address: NodeAddress
  readonly transport: MemoryTransport
  readonly received: RecordingSink
  readonly events: EndpointEvent[]
  /** The events as short texts, for comparison: `lane-opened control b:1#1`. */
  readonly told: readonly string[]
  /** Received bodies as text, oldest first. */
  readonly texts: readonly string[]
}

export interface World {
  readonly clock: ManualClock
  readonly network: MemoryNetwork
  start(address: string, options?: Partial<EndpointOptions>): Promise<Node>
  /** Lets time pass, and everything happen that can happen meanwhile. */
  run(ms?: number): Promise<void>
}

export const messageType = 32

export function createWorld({ latencyMs = 1, seed = 1 } = {}): World {
  const clock = new ManualClock()
  const random = seededRandom(seed)
  const network = createMemoryNetwork({ clock, random, latencyMs })
  return {
    clock,
    network,
    run: (ms = 100) => clock.advanceAsync(ms),
    async start(address, options = {}) {
      const transport = network.transport()
      const endpoint = await Endpoint.start({
        transport,
        clock,
        random,
        address: NodeAddress.parse(address),
        incarnation: 1,
        clusterName: 'test',
        insecure: true,
        ...options,
      })
      return recorded(endpoint, transport)
    },
  }
}

function recorded(endpoint: Endpoint, transport: MemoryTransport): Node {
  const received = new RecordingSink(endpoint, [messageType])
  const events: EndpointEvent[] = []
  endpoint.subscribe((event) => events.push(event))
  return {
    endpoint,
    transport,
    received,
    events,
    address: endpoint.self.address,
    get told() {
      return events.map(describeEvent)
    },
    get texts() {
      return received.frames.map(({ body }) => textOf(body))
    },
    [Symbol.asyncDispose]: () => endpoint[Symbol.asyncDispose](),
  }
}

export function describeEvent(event: EndpointEvent): string {
  switch (event.type) {
    case 'lane-opened':
    case 'lane-drained':
      return `${event.type} ${event.lane} ${event.peer}`
    case 'lane-closed':
      return `lane-closed ${event.lane} ${event.peer} ${event.reason} lost ${event.lostFrames}`
    case 'dial-failed':
      return `dial-failed ${event.lane} ${event.address} ${event.failure}`
    case 'dial-refused':
      return `dial-refused ${event.lane} ${event.address} ${event.refusal.reason}`
    case 'authentication-failed':
      return `authentication-failed ${event.side} ${event.source} untold ${event.untold}`
    case 'dial-back-failed':
      return `dial-back-failed ${event.claimed} ${event.source} untold ${event.untold}`
    case 'frame-dropped':
      return `frame-dropped ${event.lane} ${event.peer} ${event.frameType} ${event.reason}`
  }
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

/** Sends `text` as a frame of `messageType`. */
export function tell(
  from: Node,
  to: Node,
  text: string,
  lane: 'control' | 'data' = 'data',
): ReturnType<Endpoint['send']> {
  return from.endpoint.send(to.endpoint.self, lane, messageType, bytesOf(text))
}
