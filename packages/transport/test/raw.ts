// A stranger's end of a connection, which writes whatever a test wants.
import type {
  Channel,
  ChannelCloseReason,
  NodeAddress,
  NodeIdentity,
  Refusal,
  Trust,
} from '@casty/transport'
import { decodeHandshake, encodeHello, encodeWelcome } from '../src/handshake-messages.ts'
import { concatBytes, encodeFrame, encodePrelude, frameTypes } from '../src/wire.ts'
import type { World } from './world.ts'

export interface RawEnd {
  readonly channel: Channel
  readonly received: Uint8Array
  readonly closed: ChannelCloseReason | undefined
  write(bytes: Uint8Array): void
  /** What it was refused for, if it was. */
  refusal(): Refusal | undefined
}

const preludeBytes = 12

export async function connectRaw(world: World, address: NodeAddress): Promise<RawEnd> {
  const dialling = world.network.transport({ host: 'x' }).dial(address)
  await world.run(10)
  return rawEnd(await dialling)
}

/** A connection from each of the hosts, at once. */
export async function connectAllRaw(
  world: World,
  address: NodeAddress,
  hosts: readonly string[],
): Promise<readonly RawEnd[]> {
  const dialling = hosts.map((host) => world.network.transport({ host }).dial(address))
  await world.run(10)
  return (await Promise.all(dialling)).map(rawEnd)
}

function rawEnd(channel: Channel): RawEnd {
  let received = new Uint8Array(0)
  let closed: ChannelCloseReason | undefined
  channel.open({
    received: (bytes) => {
      received = Uint8Array.from([...received, ...bytes])
    },
    drained() {},
    closed: (reason) => {
      closed = reason
    },
  })
  return {
    channel,
    get received() {
      return received
    },
    get closed() {
      return closed
    },
    write: (bytes) => void channel.write(bytes),
    refusal() {
      if (
        received.length <= preludeBytes + 5 ||
        received[preludeBytes + 4] !== frameTypes.refusal
      ) {
        return undefined
      }
      const message = decodeHandshake(
        frameTypes.refusal,
        received,
        preludeBytes + 5,
        received.length,
      )
      return message?.type === 'refusal' ? message.refusal : undefined
    },
  }
}

/** The answer to a hello that lets the dialler in, as the endpoint `from` would send it. */
export function welcomeBytes(from: NodeIdentity, { sequence = 1 } = {}): Uint8Array {
  const welcome = encodeWelcome({
    type: 'welcome',
    wireVersion: 1,
    clusterName: 'test',
    identity: from,
    sequence,
    capabilities: [],
    trust: 'member',
  })
  return concatBytes(preludeOf(1, 1), encodeFrame(frameTypes.welcome, welcome))
}

/** Listens, and answers every connection with `bytes` once it hears something, or not at all. */
export async function listenRaw(
  world: World,
  address: NodeAddress,
  bytes: () => Uint8Array | undefined,
): Promise<{
  readonly closes: readonly ChannelCloseReason[]
  /** Says something on every connection, unasked. */
  answer(bytes: Uint8Array): void
}> {
  const closes: ChannelCloseReason[] = []
  const channels: Channel[] = []
  await world.network.transport().listen(address, (channel) => {
    channels.push(channel)
    channel.open({
      received() {
        const answer = bytes()
        if (answer !== undefined) channel.write(answer)
      },
      drained() {},
      closed: (reason) => closes.push(reason),
    })
  })
  return {
    closes,
    answer(unasked) {
      for (const channel of channels) channel.write(unasked)
    },
  }
}

export function preludeOf(min: number, max: number): Uint8Array {
  return encodePrelude({ min, max })
}

/** A whole opening of a connection, as the endpoint `from` would send it. */
export function helloBytes(
  from: NodeIdentity,
  to: NodeIdentity,
  { lane = 'control' as 'control' | 'data', sequence = 1, trust = 'member' as Trust } = {},
): Uint8Array {
  const hello = encodeHello({
    type: 'hello',
    lane,
    clusterName: 'test',
    identity: from,
    sequence,
    capabilities: [],
    trust,
    dialled: to.address,
    expected: to.incarnation,
  })
  return concatBytes(preludeOf(1, 1), encodeFrame(frameTypes.hello, hello))
}
