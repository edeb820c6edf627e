// The channels of a browser, over the WebSocket that Node has too.
import type { Transport } from '@casty/transport'
import { transportCompliance } from '@casty/transport/compliance'
import { wsTransport } from '@casty/transport-ws'
import { describe, expect, test } from 'vitest'
import { wsTransport as pageTransport } from '../src/browser.ts'
import { listening, loopback, Told } from './support.ts'

/** Listens as a node does, and dials as a page does. */
function pageAndNode(): Transport {
  const node = wsTransport()
  const page = pageTransport()
  return {
    name: 'ws of a page',
    listen: (address, accept) => node.listen(address, accept),
    dial: (address, options) => page.dial(address, options),
  }
}

transportCompliance('wsTransport of a page', {
  create: pageAndNode,
  anyAddress: loopback,
  lacks: ['refused-dial', 'names'], // A page is not told why, nor what a name leads to.
})

describe('a page', () => {
  test('cannot listen, and says why', async () => {
    await expect(pageTransport().listen(loopback, () => {})).rejects.toMatchObject({
      code: 'CASTY_TRANSPORT_LISTEN_FAILED',
      message: expect.stringContaining('only dials'),
    })
  })

  test('finds nobody unreachable, as it is not told more', async () => {
    const server = await listening(wsTransport())
    await server[Symbol.asyncDispose]()
    await expect(pageTransport().dial(server.address)).rejects.toMatchObject({
      code: 'CASTY_TRANSPORT_DIAL_FAILED',
      failure: 'unreachable',
    })
  })

  test('that is paused holds no more than it may, and closes', async () => {
    await using server = await listening(wsTransport())
    const channel = await pageTransport({ maxHeldBytes: 1_000 }).dial(server.address)
    const told = new Told(channel)
    channel.pause()
    const other = await server.next()
    const closed = new Told(other)
    other.write(new Uint8Array(2_000))
    await closed.until(({ closes }) => closes.length > 0)
    channel.resume()
    await told.until(({ closes }) => closes.length > 0)
    expect([told.closes, told.text]).toEqual([['failed'], ''])
  })

  test.each([{ path: 'x' }, { isSecure: 1 }, { lingerMs: 0 }, { pahts: '/x' }])(
    'refuses %o',
    (options) => {
      const given: object = options // As of a user without types.
      expect(() => pageTransport(given)).toThrow(
        expect.objectContaining({ code: 'CASTY_TRANSPORT_INVALID_OPTION' }),
      )
    },
  )
})
