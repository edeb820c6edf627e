import { describe, expect, test } from 'vitest'
import { NodeAddress } from '../node-address.ts'
import { connectedPair, End, Listening } from './channel-kit.ts'
import { lacks, type TransportSubject } from './subject.ts'

export function listenContract(name: string, subject: TransportSubject): void {
  describe(`${name} listens and dials by the contract`, () => {
    test.skipIf(subject.anyAddress.port !== 0)('port 0 picks a free port for each', async () => {
      await using first = await Listening.start(subject)
      await using second = await Listening.start(subject)
      expect(first.address.port).toBeGreaterThan(0)
      expect(second.address.port).not.toBe(first.address.port)
    })

    test.skipIf(lacks(subject, 'address-in-use'))('a taken address is refused', async () => {
      await using first = await Listening.start(subject)
      const second = subject.create().listen(first.address, () => {})
      await expect(second).rejects.toMatchObject({ code: 'CASTY_TRANSPORT_ADDRESS_IN_USE' })
    })

    test('an address can be listened on again once it was let go', async () => {
      const first = await Listening.start(subject)
      await first[Symbol.asyncDispose]()
      const second = await subject.create().listen(first.address, () => {})
      expect(second.address.equals(first.address)).toBe(true)
      await second[Symbol.asyncDispose]()
    })

    test('a listener can be disposed of twice', async () => {
      const listening = await Listening.start(subject)
      await Promise.all([listening[Symbol.asyncDispose](), listening[Symbol.asyncDispose]()])
      await expect(listening[Symbol.asyncDispose]()).resolves.toBeUndefined()
    })

    test.skipIf(lacks(subject, 'refused-dial'))(
      'a dial to where nobody listens is refused',
      async () => {
        const listening = await Listening.start(subject)
        await listening[Symbol.asyncDispose]()
        await expect(subject.create().dial(listening.address)).rejects.toMatchObject({
          code: 'CASTY_TRANSPORT_DIAL_FAILED',
          failure: 'refused',
        })
      },
    )

    test.skipIf(lacks(subject, 'names'))(
      'only those addresses are dialled of a name that may be',
      async () => {
        await using listening = await Listening.start(subject)
        const localhost = NodeAddress.of('localhost', listening.address.port)
        const asked = new Set<string>()
        const mayDial = (host: string): boolean => asked.add(host) && false
        await expect(subject.create().dial(localhost, { mayDial })).rejects.toMatchObject({
          code: 'CASTY_TRANSPORT_DIAL_FAILED',
          failure: 'not-allowed',
        })
        expect(asked).toContain('127.0.0.1')
        const ofV4 = { mayDial: (host: string) => host === '127.0.0.1' }
        const dialled = new End(await subject.create().dial(localhost, ofV4)).open()
        const accepted = new End(await listening.next()).open()
        dialled.channel.write(Uint8Array.of(7))
        expect(await accepted.receivedBytes(1)).toEqual(Uint8Array.of(7))
        dialled.channel.close()
        accepted.channel.close()
      },
    )

    test('connections outlive the listener that accepted them', async () => {
      await using pair = await connectedPair(subject)
      await pair.listening[Symbol.asyncDispose]()
      pair.dialled.channel.write(Uint8Array.of(1, 2, 3))
      expect(await pair.accepted.receivedBytes(3)).toEqual(Uint8Array.of(1, 2, 3))
    })

    test('a dial whose signal is aborted already rejects with its reason', async () => {
      await using listening = await Listening.start(subject)
      const abort = new AbortController()
      const reason = new Error('changed my mind')
      abort.abort(reason)
      const dial = subject.create().dial(listening.address, { signal: abort.signal })
      await expect(dial).rejects.toBe(reason)
    })

    test('a dial aborted under way rejects with the reason', async () => {
      await using listening = await Listening.start(subject)
      const abort = new AbortController()
      const reason = new Error('changed my mind')
      const dial = subject.create().dial(listening.address, { signal: abort.signal })
      abort.abort(reason)
      await expect(dial).rejects.toBe(reason)
    })

    test('aborting a signal after the dial leaves the channel alone', async () => {
      await using listening = await Listening.start(subject)
      const abort = new AbortController()
      const dialling = subject.create().dial(listening.address, { signal: abort.signal })
      const dialled = new End(await dialling).open()
      abort.abort(new Error('too late'))
      const accepted = new End(await listening.next()).open()
      dialled.channel.write(Uint8Array.of(7))
      expect(await accepted.receivedBytes(1)).toEqual(Uint8Array.of(7))
      dialled.channel.close()
      accepted.channel.close()
    })

    test('each end names the host at the other, for limits to count by', async () => {
      await using pair = await connectedPair(subject)
      expect(pair.accepted.channel.source).not.toBe('')
      expect(pair.dialled.channel.source).not.toBe('')
    })
  })
}
