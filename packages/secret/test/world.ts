import { ManualClock, seededRandom } from '@casty/clock'
import {
  createMemoryNetwork,
  Endpoint,
  NodeAddress,
  RecordingSink,
  type Authentication,
  type Channel,
  type EndpointEvent,
  type EndpointOptions,
  type MemoryNetwork,
  type Transport,
} from '@casty/transport'
import { sharedSecret, type Secrets, type SharedSecret } from '@casty/secret'

export const messageType = 32

/** Secrets that are strong enough, and told apart at a glance. */
export const secrets = {
  old: 'aaaa-old-0123456789-abcdefghijkl',
  new: 'bbbb-new-0123456789-abcdefghijkl',
  client: 'cccc-client-0123456789-abcdefghi',
  other: 'dddd-other-0123456789-abcdefghij',
} as const

export interface Node extends AsyncDisposable {
  readonly endpoint: Endpoint
  readonly events: readonly EndpointEvent[]
  readonly received: RecordingSink
  /** Events of failed proofs as short texts. */
  readonly failures: readonly string[]
}

export interface World {
  readonly clock: ManualClock
  readonly network: MemoryNetwork
  readonly random: () => number
  start(address: string, options?: Partial<EndpointOptions>): Promise<Node>
  /** A secret whose nonces are drawn from the seed of this world. */
  secret(secrets: Secrets): SharedSecret
  run(ms?: number): Promise<void>
}

export function createWorld(seed = 1): World {
  const clock = new ManualClock()
  const random = seededRandom(seed)
  const network = createMemoryNetwork({ clock, random, latencyMs: 1 })
  return {
    clock,
    network,
    random,
    run: (ms = 100) => clock.advanceAsync(ms),
    secret: (given) =>
      sharedSecret(given, {
        randomBytes: (length) => Uint8Array.from({ length }, () => Math.floor(random() * 256)),
      }),
    async start(address, options = {}) {
      const endpoint = await Endpoint.start({
        transport: network.transport({ host: NodeAddress.parse(address).host }),
        clock,
        random,
        address: NodeAddress.parse(address),
        incarnation: 1,
        clusterName: 'test',
        insecure: true,
        ...options,
      })
      const events: EndpointEvent[] = []
      endpoint.subscribe((event) => events.push(event))
      return {
        endpoint,
        events,
        received: new RecordingSink(endpoint, [messageType]),
        get failures() {
          return events.flatMap((event) =>
            event.type === 'authentication-failed'
              ? [`${event.side} ${event.source} untold ${event.untold}`]
              : [],
          )
        },
        [Symbol.asyncDispose]: () => endpoint[Symbol.asyncDispose](),
      }
    },
  }
}

/** Dials from one to the other; the outcome, as the reason of a refusal or as an identity. */
export async function dialled(world: World, from: Node, to: Node | NodeAddress): Promise<string> {
  const address = to instanceof NodeAddress ? to : to.endpoint.self.address
  const outcome = from.endpoint.connect(address).then(String, reasonOf)
  await world.run(7_000)
  return await outcome
}

/** The words of the refusal that a dial from one to the other meets. */
export async function detailOf(world: World, from: Node, to: Node): Promise<string> {
  const outcome = from.endpoint.connect(to.endpoint.self.address).then(String, (error: unknown) => {
    const { refusal } = error as { readonly refusal?: { readonly detail: string } }
    return refusal?.detail ?? 'no refusal'
  })
  await world.run(7_000)
  return await outcome
}

export function reasonOf(error: unknown): string {
  // What `connect` rejects with: see its contract.
  const { refusal, failure, code } = error as {
    readonly refusal?: { readonly reason: string }
    readonly failure?: string
    readonly code: string
  }
  return refusal?.reason ?? failure ?? code
}

/** Somebody on the way, who sees and changes what a dialler and its acceptor say. */
export interface Middle {
  /** What the dialler says, before it is passed on. */
  readonly there?: (bytes: Uint8Array) => Uint8Array
  /** What the acceptor says, before it is passed on. */
  readonly back?: (bytes: Uint8Array) => Uint8Array
}

/** The same transport with somebody on the way of every dial. */
export function withMiddle(transport: Transport, middle: (dial: number) => Middle): Transport {
  let dials = 0
  return {
    name: transport.name,
    listen: (address, accept) => transport.listen(address, accept),
    dial: async (address, options) =>
      between(await transport.dial(address, options), middle(dials++)),
  }
}

function between(channel: Channel, { there = same, back = same }: Middle): Channel {
  return {
    source: channel.source,
    ...(channel.proof && { proof: channel.proof }),
    get bufferedBytes() {
      return channel.bufferedBytes
    },
    open(sink) {
      channel.open({
        received: (bytes) => sink.received(back(bytes.slice())),
        drained: () => sink.drained(),
        closed: (reason) => sink.closed(reason),
      })
    },
    write: (bytes) => channel.write(there(bytes.slice())),
    pause: () => channel.pause(),
    resume: () => channel.resume(),
    close: (options) => channel.close(options),
  }
}

function same(bytes: Uint8Array): Uint8Array {
  return bytes
}

/** Knows no secret: takes any proof for right, and proves what it does not know. */
export const impostor: Authentication = {
  isFor: () => true,
  begin: () => ({
    nonce: new Uint8Array(32).fill(7),
    prove: () => new Uint8Array(32).fill(9),
    verify: () => true,
  }),
}
