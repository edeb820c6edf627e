import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { NodeAddress, type Channel, type ChannelCloseReason } from '@casty/transport'
import { tcpTransport } from '@casty/transport-tcp'
import { Relay, relayedTransport } from 'casty-relay'
import { expect, test } from 'vitest'

const loopback = NodeAddress.of('127.0.0.1', 0)

/** Far more than anything here takes: says that something hangs. */
const patienceMs = 60_000

/** One end of a channel: what it heard, as text, and how it ended. */
class Ear {
  readonly channel: Channel
  heard = ''
  closed: ChannelCloseReason | undefined
  #wake = (): void => {}

  constructor(channel: Channel) {
    this.channel = channel
    channel.open({
      received: (bytes) => {
        this.heard += new TextDecoder().decode(bytes)
        this.#wake()
      },
      drained: () => {},
      closed: (reason) => {
        this.closed = reason
        this.#wake()
      },
    })
  }

  say(text: string): void {
    this.channel.write(new TextEncoder().encode(text))
  }

  async until(holds: () => boolean): Promise<void> {
    const signal = AbortSignal.timeout(patienceMs)
    while (!holds()) {
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve
        signal.addEventListener('abort', () => reject(new Error(`Heard "${this.heard}" only.`)))
      })
    }
  }

  async untilHeard(text: string): Promise<void> {
    await this.until(() => this.heard === text)
  }
}

/** A node on the relay: it listens, and dials others by their addresses. */
async function node(relay: Relay) {
  const transport = relayedTransport(tcpTransport(), relay.address)
  const accepted: Channel[] = []
  let wake = (): void => {}
  const listener = await transport.listen(loopback, (channel) => {
    accepted.push(channel)
    wake()
  })
  const address = String(listener.address)
  const dial = async (to: string) => new Ear(await transport.dial(NodeAddress.parse(to)))
  const accept = async (): Promise<Ear> => {
    for (;;) {
      const channel = accepted.shift()
      if (channel) return new Ear(channel)
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  /** To itself, through the relay: whatever was sent before has had its time. */
  const roundTrip = async (): Promise<void> => {
    const near = await dial(address)
    const far = await accept()
    near.say('there')
    await far.untilHeard('there')
    far.say('back')
    await near.untilHeard('back')
    for (const end of [near, far]) end.channel.close()
  }
  return {
    address,
    dial,
    accept,
    roundTrip,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  }
}

async function pair() {
  const relay = await Relay.start()
  const [left, right] = [await node(relay), await node(relay)]
  const near = await left.dial(right.address)
  const far = await right.accept()
  return {
    relay,
    left,
    right,
    near,
    far,
    async [Symbol.asyncDispose]() {
      near.channel.close()
      far.channel.close()
      for (const part of [left, right, relay]) await part[Symbol.asyncDispose]()
    },
  }
}

test('holds what is sent across a cut, and delivers it once the cut is mended', async () => {
  await using cluster = await pair()
  const { relay, left, right, near, far } = cluster
  relay.cut(left.address, right.address)
  near.say('there')
  far.say('back')
  await left.roundTrip()
  expect([near.heard, far.heard, near.closed]).toEqual(['', '', undefined])
  relay.mend(left.address, right.address)
  await Promise.all([near.untilHeard('back'), far.untilHeard('there')])
})

test('cuts one direction and lets the other pass', async () => {
  await using cluster = await pair()
  const { relay, left, right, near, far } = cluster
  relay.cut(left.address, right.address, { oneWay: true })
  near.say('there')
  far.say('back')
  await near.untilHeard('back')
  expect(far.heard).toBe('')
  relay.heal()
  await far.untilHeard('there')
})

test('lets nobody dial across a cut of either direction, until it is mended', async () => {
  await using cluster = await pair()
  const { relay, left, right } = cluster
  relay.cut(right.address, left.address, { oneWay: true })
  let isThrough = false
  const dialling = left.dial(right.address).then((ear) => {
    isThrough = true
    return ear
  })
  await left.roundTrip()
  expect(isThrough).toBe(false)
  relay.mend(right.address, left.address, { oneWay: true })
  const ear = await dialling
  ear.say('hello')
  const answerer = await right.accept()
  await answerer.untilHeard('hello')
  for (const end of [ear, answerer]) end.channel.close()
})

test('keeps the end of a connection from the other side of a cut', async () => {
  await using cluster = await pair()
  const { relay, left, right, near, far } = cluster
  relay.cut(left.address, right.address)
  near.channel.close()
  await near.until(() => near.closed === 'local')
  await left.roundTrip()
  expect(far.closed).toBeUndefined()
  relay.heal()
  await far.until(() => far.closed !== undefined)
})

test('tears connections down where a cut resets, and those that are dialled then', async () => {
  await using cluster = await pair()
  const { relay, left, right, near, far } = cluster
  relay.partition([left.address], [right.address], { mode: 'reset' })
  await Promise.all([near, far].map((ear) => ear.until(() => ear.closed === 'reset')))
  await expect(left.dial(right.address)).rejects.toMatchObject({ failure: 'unreachable' })
})

test('delays, and keeps the order when the delay grows less', async () => {
  await using cluster = await pair()
  const { relay, left, right, near, far } = cluster
  relay.delay(left.address, right.address, 200)
  const sentAt = performance.now()
  near.say('slow ')
  await far.until(() => far.heard.length > 0)
  expect(performance.now() - sentAt).toBeGreaterThanOrEqual(199)
  near.say('and ')
  relay.delay(left.address, right.address, 0)
  near.say('fast')
  await far.untilHeard('slow and fast')
})

test('drops whoever does not say whom it dials', async () => {
  await using relay = await Relay.start()
  const stranger = connect(relay.address.port, '127.0.0.1')
  stranger.write('GET / HTTP/1.1\r\n\r\n')
  await expect(once(stranger, 'close')).rejects.toMatchObject({ code: 'ECONNRESET' })
})

test('takes a relay that is gone for a network that leads nowhere', async () => {
  const relay = await Relay.start()
  const { address } = relay
  await relay[Symbol.asyncDispose]()
  await relay[Symbol.asyncDispose]()
  const dial = relayedTransport(tcpTransport(), address).dial(loopback)
  await expect(dial).rejects.toMatchObject({ failure: 'unreachable' })
})

test('leaves nothing behind that keeps a process from exiting', async () => {
  const program = fileURLToPath(new URL('exit.program.ts', import.meta.url))
  const child = fork(program, { execArgv: [] })
  const patience = setTimeout(() => child.kill('SIGKILL'), patienceMs)
  const [code] = await once(child, 'exit')
  clearTimeout(patience)
  expect(code).toBe(0)
})
