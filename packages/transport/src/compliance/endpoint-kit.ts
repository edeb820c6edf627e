import { systemClock } from '@casty/clock'
import type { EndpointEvent, EndpointOptions, Lane, SendOutcome } from '../endpoint-types.ts'
import { Endpoint } from '../endpoint.ts'
import { RecordingSink } from '../recording-sink.ts'
import type { Channel, Transport } from '../transport.ts'
import type { TransportSubject } from './subject.ts'

export const noteType = 32

/** An endpoint over the transport under test, with what it received and was told. */
export class TestNode implements AsyncDisposable {
  readonly endpoint: Endpoint
  readonly received: RecordingSink
  readonly events: EndpointEvent[] = []
  /** Every channel that it dialled or accepted, oldest first. */
  readonly channels: readonly Channel[]
  readonly #waiters = new Set<() => void>()

  private constructor(endpoint: Endpoint, channels: readonly Channel[]) {
    this.endpoint = endpoint
    this.channels = channels
    this.received = new RecordingSink(endpoint, [noteType])
    endpoint.subscribe((event) => {
      this.events.push(event)
      for (const wake of this.#waiters) wake()
    })
  }

  static async start(
    subject: TransportSubject,
    options: Partial<EndpointOptions> = {},
  ): Promise<TestNode> {
    const channels: Channel[] = []
    const endpoint = await Endpoint.start({
      transport: tapped(subject.create(), channels),
      clock: subject.clock ?? systemClock,
      address: subject.anyAddress,
      incarnation: 1,
      clusterName: 'compliance',
      insecure: true,
      ...options,
    })
    return new TestNode(endpoint, channels)
  }

  send(to: TestNode, text: string, lane: Lane = 'data'): SendOutcome {
    return this.endpoint.send(to.endpoint.self, lane, noteType, new TextEncoder().encode(text))
  }

  /** The texts received, once there are so many. */
  async texts(count: number): Promise<readonly string[]> {
    const frames = await this.received.waitFor(count)
    return frames.map(({ body }) => new TextDecoder().decode(body))
  }

  /** The first event that fits, past or to come. */
  async event<T extends EndpointEvent['type']>(
    type: T,
    fits: (event: Extract<EndpointEvent, { readonly type: T }>) => boolean = () => true,
  ): Promise<Extract<EndpointEvent, { readonly type: T }>> {
    for (;;) {
      for (const event of this.events) if (isOfType(event, type) && fits(event)) return event
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiters.delete(wake)
          resolve()
        }
        this.#waiters.add(wake)
      })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endpoint[Symbol.asyncDispose]()
  }
}

function isOfType<T extends EndpointEvent['type']>(
  event: EndpointEvent,
  type: T,
): event is Extract<EndpointEvent, { readonly type: T }> {
  return event.type === type
}

/** The transport, keeping every channel that it makes, so that a test can break one. */
function tapped(transport: Transport, channels: Channel[]): Transport {
  return {
    name: transport.name,
    ...(transport.security && { security: transport.security }),
    listen: (address, accept) =>
      transport.listen(address, (channel) => {
        channels.push(channel)
        accept(channel)
      }),
    async dial(address, options) {
      const channel = await transport.dial(address, options)
      channels.push(channel)
      return channel
    },
  }
}
