// SEC-2: a connection lasts no longer than what it was trusted for.
import type { Channel, ChannelProof, ProofLapse, Transport } from '@casty/transport'
import { expect, test } from 'vitest'
import { encodeFrame, frameTypes } from '../src/wire.ts'
import { createWorld, tell, type Node } from './world.ts'

/** The same transport, whose channels show certificates of the other end, and a way to end those shown until then. */
function certified(inner: Transport) {
  let reissued = 0
  let reason: ProofLapse | undefined
  const proof = (): ChannelProof => {
    const issued = reissued
    return {
      names: ['DNS:a', 'DNS:b'],
      fingerprint: 'f',
      expiresAt: 0,
      binding: new Uint8Array(32),
      lapse: () => (issued < reissued ? reason : undefined),
    }
  }
  const transport: Transport = {
    name: inner.name,
    listen: (address, accept) =>
      inner.listen(address, (channel) => accept(Object.assign(channel, { proof: proof() }))),
    dial: async (address, options) =>
      Object.assign(await inner.dial(address, options), { proof: proof() }),
  }
  const end = (why: ProofLapse): void => {
    reason = why
    reissued++
  }
  return { transport, end }
}

const closings = ({ told }: Node): readonly string[] =>
  told.filter((event) => event.startsWith('lane-closed'))

test.each(['expired', 'untrusted'] as const)(
  'a certificate that is %s ends both connections in order, and what is sent goes by new ones',
  async (reason) => {
    const world = createWorld()
    const { transport, end } = certified(world.network.transport())
    await using alice = await world.start('a:1', { transport })
    await using bob = await world.start('b:1')
    alice.endpoint.keep(bob.endpoint.self)
    tell(alice, bob, 'before', 'control')
    tell(alice, bob, 'before', 'data')
    await world.run(5_000)
    end(reason)
    for (let sent = 0; sent < 3_000; sent++) {
      tell(alice, bob, `${sent}`, 'data')
      tell(bob, alice, `${sent}`, 'data')
      await world.run(1)
    }
    await world.run(10_000)
    expect(closings(alice)).toEqual([
      `lane-closed control b:1#1 ${reason} lost 0`,
      `lane-closed data b:1#1 ${reason} lost 0`,
    ])
    expect(closings(bob).filter((event) => !event.endsWith('idle lost 0'))).toEqual([])
    expect(alice.endpoint.isConnected(bob.endpoint.self, 'control')).toBe(true)
    const sent = Array.from({ length: 3_000 }, (_, index) => `${index}`)
    expect(bob.texts).toEqual(['before', 'before', ...sent])
    expect(alice.texts).toEqual(sent)
  },
)

test('whoever shows it and does not close is cut off after the time of a handshake', async () => {
  const world = createWorld()
  const { transport, end } = certified(world.network.transport())
  await using alice = await world.start('a:1', { transport })
  await using bob = await world.start('b:1')
  tell(alice, bob, 'before', 'control')
  await world.run(5_000)
  world.network.pause(bob.address)
  end('untrusted')
  await world.run(2_500)
  expect(alice.endpoint.isConnected(bob.endpoint.self, 'control')).toBe(true)
  await world.run(5_000)
  expect(alice.endpoint.isConnected(bob.endpoint.self, 'control')).toBe(false)
  expect(closings(alice)).toEqual(['lane-closed control b:1#1 untrusted lost 0'])
})

/** The same transport, whose channels write as `by` says. */
function writing(
  inner: Transport,
  by: (bytes: Uint8Array, write: Channel['write']) => boolean,
): Transport {
  const changed = (channel: Channel): Channel => {
    const write = channel.write.bind(channel)
    return Object.assign(channel, { write: (bytes: Uint8Array) => by(bytes, write) })
  }
  return {
    name: inner.name,
    listen: (address, accept) => inner.listen(address, (channel) => accept(changed(channel))),
    dial: async (address, options) => changed(await inner.dial(address, options)),
  }
}

test('nor does whoever asks for the end, takes nothing more and speaks on', async () => {
  const world = createWorld()
  const { transport, end } = certified(world.network.transport())
  let isJammed = false
  let asks = false
  await using alice = await world.start('a:1', {
    transport: writing(transport, (bytes, write) => !isJammed && write(bytes)),
  })
  const liars = writing(world.network.transport(), (bytes, write) => {
    if (asks) write(encodeFrame(frameTypes.finish, new Uint8Array(0)))
    asks = false
    return write(bytes)
  })
  await using bob = await world.start('b:1', {
    transport: liars,
    limits: { maxSilenceMs: 600_000 },
  })
  tell(alice, bob, 'before', 'control')
  await world.run(1_000)
  isJammed = true
  tell(alice, bob, 'never arrives', 'control')
  await world.run(100)
  asks = true
  tell(bob, alice, 'asks', 'control')
  await world.run(100)
  end('untrusted')
  for (let spoken = 0; spoken < 300 && closings(alice).length === 0; spoken++) {
    tell(bob, alice, 'speaks on', 'control')
    await world.run(100)
  }
  expect(closings(alice)).toHaveLength(1)
  expect(alice.texts.length).toBeLessThan(60)
})
