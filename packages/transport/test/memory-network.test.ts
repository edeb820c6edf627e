import { ManualClock, seededRandom } from '@casty/clock'
import {
  createMemoryNetwork,
  NodeAddress,
  type Channel,
  type MemoryNetwork,
} from '@casty/transport'
import { describe, expect, test } from 'vitest'

const here = NodeAddress.parse('a:1')
const there = NodeAddress.parse('b:1')

interface End {
  readonly channel: Channel
  readonly got: string[]
  readonly closes: string[]
}

/** Two nodes with one connection, dialled by the one that is `here`. */
async function pair(
  options: {
    readonly latencyMs?: number
    readonly windowBytes?: number
    readonly seed?: number
  } = {},
): Promise<{
  readonly clock: ManualClock
  readonly network: MemoryNetwork
  readonly near: End
  readonly far: End
}> {
  const clock = new ManualClock()
  const { seed = 1, ...rest } = options
  const network = createMemoryNetwork({ clock, random: seededRandom(seed), latencyMs: 5, ...rest })
  const accepted: Channel[] = []
  await network.transport().listen(there, (channel) => accepted.push(channel))
  const transport = network.transport()
  await transport.listen(here, () => {})
  const dialling = transport.dial(there)
  await clock.advanceAsync(2 * (rest.latencyMs ?? 5))
  const near = opened(await dialling)
  const [channel] = accepted
  if (channel === undefined) throw new Error('nothing was accepted')
  return { clock, network, near, far: opened(channel) }
}

function opened(channel: Channel): End {
  const got: string[] = []
  const closes: string[] = []
  channel.open({
    received: (bytes) => got.push(new TextDecoder().decode(bytes)),
    drained: () => got.push('(drained)'),
    closed: (reason) => closes.push(reason),
  })
  return { channel, got, closes }
}

function write(end: End, ...texts: readonly string[]): void {
  for (const text of texts) end.channel.write(new TextEncoder().encode(text))
}

const numbers = Array.from({ length: 200 }, (_, index) => `${index}`)

describe('the memory network', () => {
  test('takes as long as the latency', async () => {
    const { clock, near, far } = await pair()
    write(near, 'x')
    await clock.advanceAsync(4)
    expect(far.got).toEqual([])
    await clock.advanceAsync(1)
    expect(far.got).toEqual(['x'])
  })

  test('takes back the memory that it delivers from, as the wire does', async () => {
    const { clock, near, far } = await pair()
    const kept: Uint8Array[] = []
    far.channel.close()
    const again = await secondChannel(near, clock)
    again.open({ received: (bytes) => kept.push(bytes), drained() {}, closed() {} })
    await clock.advanceAsync(20)
    expect(kept.map((bytes) => [...bytes])).toEqual([[0xdb, 0xdb]])
  })

  test('keeps the order of a connection whatever the jitter', async () => {
    const { clock, network, near, far } = await pair()
    network.delay(here, there, { latencyMs: 1, jitterMs: 50 })
    write(near, ...numbers)
    await clock.advanceAsync(100)
    expect(far.got).toEqual(numbers)
  })

  test('cuts one way: bytes vanish there, and come back here', async () => {
    const { clock, network, near, far } = await pair()
    network.cut(here, there, { oneWay: true })
    write(near, 'lost')
    write(far, 'found')
    await clock.advanceAsync(20)
    expect([near.got, far.got]).toEqual([['found'], []])
    network.heal(here, there)
    write(near, 'after')
    await clock.advanceAsync(20)
    expect(far.got).toEqual(['after'])
  })

  test('loses what is under way when it is cut', async () => {
    const { clock, network, near, far } = await pair()
    write(near, 'under way')
    await clock.advanceAsync(2)
    network.cut(here, there)
    await clock.advanceAsync(20)
    network.heal()
    await clock.advanceAsync(20)
    expect(far.got).toEqual([])
  })

  test('does not tell of an end across a cut, but answers who writes to one after it', async () => {
    const { clock, network, near, far } = await pair()
    network.cut(here, there)
    near.channel.close()
    await clock.advanceAsync(1_000)
    expect(far.closes).toEqual([])
    network.heal()
    write(far, 'anybody?')
    await clock.advanceAsync(20)
    expect(far.closes).toEqual(['reset'])
  })

  test('tears connections down at a cut that resets', async () => {
    const { clock, network, near, far } = await pair()
    network.cut(here, there, { mode: 'reset' })
    await clock.advanceAsync(1)
    expect([near.closes, far.closes]).toEqual([['reset'], ['reset']])
  })

  test.each([
    ['silent', 'pending'],
    ['reset', 'unreachable'],
  ] as const)('lets a dial across a %s cut be %s', async (mode, outcome) => {
    const clock = new ManualClock()
    const network = createMemoryNetwork({ clock, latencyMs: 1 })
    await network.transport().listen(there, () => {})
    const transport = network.transport()
    await transport.listen(here, () => {})
    network.cut(here, there, { mode })
    let seen = 'pending'
    void transport.dial(there).then(
      () => (seen = 'connected'),
      (error: unknown) => (seen = failureOf(error)),
    )
    await clock.advanceAsync(60_000)
    expect(seen).toBe(outcome)
  })

  test('parts two groups, and nobody within them', async () => {
    const { network } = await pair()
    const third = NodeAddress.parse('c:1')
    network.partition([here, third], [there])
    const cut = (from: NodeAddress, to: NodeAddress): boolean => {
      network.duplicate(from, to, 0)
      return network.links().some((link) => link.from === String(from) && link.to === String(to))
    }
    expect([cut(here, there), cut(there, third)]).toEqual([true, true])
  })

  test('drops the next few writes, and then no more', async () => {
    const { clock, network, near, far } = await pair()
    network.drop(here, there, { next: 2 })
    write(near, '1', '2', '3', '4')
    await clock.advanceAsync(20)
    expect(far.got).toEqual(['3', '4'])
  })

  test('drops about as many writes as it is told to, the same ones for the same seed', async () => {
    const arrivals = async (seed: number): Promise<readonly string[]> => {
      const { clock, network, near, far } = await pair({ seed })
      network.drop(here, there, { probability: 0.3 })
      write(near, ...numbers)
      await clock.advanceAsync(20)
      return far.got
    }
    const first = await arrivals(7)
    expect(first.length).toBeGreaterThan(110)
    expect(first.length).toBeLessThan(170)
    expect(await arrivals(7)).toEqual(first)
    expect(await arrivals(8)).not.toEqual(first)
  })

  test('doubles writes, but not the first of a connection', async () => {
    const { clock, network, near, far } = await pair()
    network.duplicate(here, there, 1)
    write(near, '1', '2')
    await clock.advanceAsync(20)
    expect(far.got).toEqual(['1', '2', '2'])
  })

  test('lets later writes overtake, but not the first of a connection', async () => {
    const { clock, network, near, far } = await pair()
    network.reorder(here, there, { probability: 1, delayMs: 10 })
    write(near, '1', '2')
    await clock.advanceAsync(1)
    network.reorder(here, there, undefined)
    write(near, '3')
    await clock.advanceAsync(30)
    expect(far.got).toEqual(['1', '3', '2'])
  })

  test('carries no more than its bandwidth', async () => {
    const { clock, network, near, far } = await pair({ latencyMs: 0 })
    network.bandwidth(here, there, 1_000)
    for (let count = 0; count < 10; count++) near.channel.write(new Uint8Array(100).fill(65))
    await clock.advanceAsync(450)
    expect(far.got).toHaveLength(4)
    await clock.advanceAsync(550)
    expect(far.got).toHaveLength(10)
  })

  test('takes a window of bytes, tells a writer to wait, and tells it when to go on', async () => {
    const { clock, near, far } = await pair({ windowBytes: 100 })
    const piece = new Uint8Array(60)
    expect(near.channel.write(piece)).toBe(true)
    expect(near.channel.write(piece)).toBe(false)
    expect(near.channel.bufferedBytes).toBe(60)
    await clock.advanceAsync(20)
    expect(near.got).toEqual(['(drained)'])
    expect(near.channel.bufferedBytes).toBe(0)
    expect(far.got).toHaveLength(2)
  })

  test('resets the connections of a process that is killed, and refuses dials to it', async () => {
    const { clock, network, near, far } = await pair()
    write(far, 'last words')
    network.kill(there)
    await clock.advanceAsync(10)
    expect([near.got, near.closes]).toEqual([['last words'], ['reset']])
    expect(far.closes).toEqual([])
    const dialling = expect(network.transport().dial(there)).rejects.toMatchObject({
      failure: 'refused',
    })
    await clock.advanceAsync(10)
    await dialling
  })

  test('tells a process that is killed nothing of what it dials', async () => {
    const { clock, network } = await pair()
    const dead = NodeAddress.of('dead', 1)
    const transport = network.transport({ host: 'dead' })
    await transport.listen(dead, () => {})
    let heard = 0
    const hear = (): void => void heard++
    const dial = (to: NodeAddress): void => void transport.dial(to).then(hear, hear)
    const nobody = NodeAddress.of('nobody', 1)
    const cut = NodeAddress.of('cut', 1)
    network.cut(dead, cut, { mode: 'reset' })
    for (const to of [there, nobody, cut]) dial(to)
    await clock.advanceAsync(6) // All are knocked at, and answer.
    for (const to of [there, nobody, cut]) dial(to)
    network.kill(dead)
    await clock.advanceAsync(10)
    expect(heard).toBe(0)
  })

  test('tells a process that is paused what became of its dials once it goes on', async () => {
    const { clock, network } = await pair()
    const paused = NodeAddress.of('paused', 1)
    const transport = network.transport({ host: 'paused' })
    await transport.listen(paused, () => {})
    const failures: unknown[] = []
    const dialling = transport.dial(NodeAddress.of('nobody', 1)).catch((error: unknown) => {
      failures.push(error)
    })
    network.pause(paused)
    await clock.advanceAsync(10)
    expect(failures).toEqual([])
    network.resume(paused)
    await dialling
    expect(failures).toMatchObject([{ failure: 'refused' }])
  })

  test('lets another process have the address of one that was killed', async () => {
    const { network } = await pair()
    network.kill(there)
    const listener = await network.transport().listen(there, () => {})
    expect(listener.address.equals(there)).toBe(true)
  })

  test('buffers for a process that is paused, as its host would', async () => {
    const { clock, network, near, far } = await pair()
    network.pause(there)
    write(near, '1', '2')
    write(far, 'after the pause')
    await clock.advanceAsync(1_000)
    expect([near.got, far.got]).toEqual([[], []])
    network.resume(there)
    await clock.advanceAsync(10)
    expect([near.got, far.got]).toEqual([['after the pause'], ['1', '2', '(drained)']])
  })

  test('lets a dial to a paused process connect, which nobody accepts until it goes on', async () => {
    const clock = new ManualClock()
    const network = createMemoryNetwork({ clock, latencyMs: 1 })
    let accepted = 0
    await network.transport().listen(there, () => accepted++)
    network.pause(there)
    const dialling = network.transport().dial(there)
    await clock.advanceAsync(10)
    expect(await dialling).toBeDefined()
    expect(accepted).toBe(0)
    network.resume(there)
    await clock.advanceAsync(10)
    expect(accepted).toBe(1)
  })

  test('counts what each link carried', async () => {
    const { clock, network, near } = await pair()
    network.drop(here, there, { next: 1 })
    write(near, '12', '345')
    await clock.advanceAsync(20)
    expect(network.links().find(({ from }) => from === 'a:1')).toEqual({
      from: 'a:1',
      to: 'b:1',
      written: 2,
      writtenBytes: 5,
      delivered: 1,
      deliveredBytes: 3,
      dropped: 1,
      duplicated: 0,
      reordered: 0,
      retransmitted: 0,
    })
  })

  test.each<[string, (network: MemoryNetwork) => void]>([
    ['delay.latencyMs', (network) => network.delay(here, there, { latencyMs: -1 })],
    ['delay.jitterMs', (network) => network.delay(here, there, { latencyMs: 1, jitterMs: -1 })],
    ['drop.probability', (network) => network.drop(here, there, { probability: 1.1 })],
    ['drop.next', (network) => network.drop(here, there, { next: -1 })],
    ['probability', (network) => network.duplicate(here, there, Number.NaN)],
    ['reorder.probability', (n) => n.reorder(here, there, { probability: 2, delayMs: 1 })],
    ['reorder.delayMs', (n) => n.reorder(here, there, { probability: 1, delayMs: -1 })],
    ['bytesPerSecond', (network) => network.bandwidth(here, there, 0)],
  ])('refuses a wrong %s', async (name, change) => {
    const { network } = await pair()
    expect(() => change(network)).toThrow(
      expect.objectContaining({
        code: 'CASTY_TRANSPORT_INVALID_OPTION',
        message: expect.stringContaining(`${name} is`),
      }),
    )
  })
})

/** A further connection from the same process, on which two bytes were written. */
async function secondChannel(near: End, clock: ManualClock): Promise<Channel> {
  const network = createMemoryNetwork({ clock })
  const accepted: Channel[] = []
  await network.transport().listen(here, (channel) => accepted.push(channel))
  const dialling = network.transport().dial(here)
  await clock.advanceAsync(0)
  const dialled = await dialling
  dialled.open({ received() {}, drained() {}, closed() {} })
  dialled.write(Uint8Array.of(1, 2))
  expect(near.channel).not.toBe(dialled)
  const [channel] = accepted
  if (channel === undefined) throw new Error('nothing was accepted')
  return channel
}

function failureOf(error: unknown): string {
  // What a dial rejects with.
  return (error as { readonly failure: string }).failure
}

describe('loss as TCP shows it', () => {
  test('what was lost comes late, and what was written after it comes behind it', async () => {
    const { clock, network, near, far } = await pair()
    network.retransmit(here, there, { probability: 1, timeoutMs: 100 })
    write(near, 'first')
    network.retransmit(here, there, undefined)
    write(near, 'second')
    await clock.advanceAsync(1_000)
    expect(far.got).toEqual([])
    await clock.advanceAsync(100_000)
    expect(far.got).toEqual(['first', 'second'])
  })

  test('every try again is counted', async () => {
    const { clock, network, near } = await pair()
    network.retransmit(here, there, { probability: 1 })
    write(near, 'lost')
    await clock.advanceAsync(100_000)
    expect(network.links().find(({ from }) => from === 'a:1')?.retransmitted).toBe(6)
  })
})

test('a latency may be drawn for every write', async () => {
  const clock = new ManualClock()
  const latencies = [1, 1, 7, 3]
  const network = createMemoryNetwork({ clock, latencyMs: () => latencies.shift() ?? 0 })
  const far: End[] = []
  await network.transport().listen(there, (channel) => far.push(opened(channel)))
  const transport = network.transport()
  await transport.listen(here, () => {})
  const dialling = transport.dial(there)
  await clock.advanceAsync(2)
  const near = opened(await dialling)
  write(near, 'x')
  await clock.advanceAsync(6)
  expect(far[0]?.got).toEqual([])
  await clock.advanceAsync(1)
  expect(far[0]?.got).toEqual(['x'])
})

test('an observer is told of every write when it leaves, and when it arrives or is lost', async () => {
  const seen: string[] = []
  const clock = new ManualClock()
  const network = createMemoryNetwork({
    clock,
    latencyMs: 5,
    observe: ({ stage, id, from, to, bytes }) =>
      seen.push(`${stage} ${id} ${from}>${to} ${new TextDecoder().decode(bytes)}`),
  })
  await network.transport().listen(there, (channel) => void opened(channel))
  const transport = network.transport()
  await transport.listen(here, () => {})
  const dialling = transport.dial(there)
  await clock.advanceAsync(10)
  const near = opened(await dialling)
  write(near, 'one')
  await clock.advanceAsync(5)
  network.cut(here, there)
  write(near, 'two')
  expect(seen).toEqual([
    'sent 0 a:1>b:1 one',
    'arrived 0 a:1>b:1 one',
    'sent 1 a:1>b:1 two',
    'lost 1 a:1>b:1 two',
  ])
})

describe('a cut that holds', () => {
  test('delivers what was written meanwhile once the link is mended', async () => {
    const { clock, network, near, far } = await pair()
    network.cut(here, there, { mode: 'hold' })
    write(near, 'early', 'late')
    await clock.advanceAsync(60_000)
    expect(far.got).toEqual([])
    network.mend(here, there)
    await clock.advanceAsync(5)
    expect(far.got).toEqual(['early', 'late'])
  })

  test('lets the end of a connection through once it is mended', async () => {
    const { clock, network, near, far } = await pair()
    network.cut(here, there, { mode: 'hold' })
    near.channel.close()
    await clock.advanceAsync(60_000)
    expect(far.closes).toEqual([])
    network.mend(here, there)
    await clock.advanceAsync(5)
    expect(far.closes).toEqual(['ended'])
  })
})

describe('a black hole', () => {
  test('swallows large writes, and holds up what follows, until it is gone', async () => {
    const { clock, network, near, far } = await pair()
    network.blackHole(here, there, 5)
    write(near, 'small', 'larger', 'after')
    await clock.advanceAsync(60_000)
    expect(far.got).toEqual(['small'])
    network.blackHole(here, there, undefined)
    await clock.advanceAsync(5)
    expect(far.got).toEqual(['small', 'larger', 'after'])
  })

  test('leaves the way back alone', async () => {
    const { clock, network, near, far } = await pair()
    network.blackHole(here, there, 0)
    write(far, 'larger')
    await clock.advanceAsync(60_000)
    expect(near.got).toEqual(['larger'])
  })
})

test('mending a link leaves its other faults', async () => {
  const { clock, network, near, far } = await pair()
  network.drop(here, there, { next: 1 })
  network.cut(here, there)
  network.mend(here, there)
  write(near, 'lost', 'kept')
  await clock.advanceAsync(5)
  expect(far.got).toEqual(['kept'])
})
