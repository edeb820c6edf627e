// Pages over TLS: a site of `https:`, and nodes that are dialled as `wss:` where TLS ends before them.
import { fileURLToPath } from 'node:url'
import { NodeAddress } from '@casty/transport'
import { expect, test } from 'vitest'
import { Browser } from '../../src/browser.ts'
import { bundle } from '../../src/bundle.ts'
import { chromiumProgram } from '../../src/chromium.ts'
import { Nodes } from '../../src/nodes.ts'
import { certificateHere, keyHashOf, tlsFront } from '../../src/tls.ts'
import { serve } from '../../src/web-server.ts'

const program = await chromiumProgram()
if (typeof program !== 'string') console.log(`No test of pages over TLS: ${program.missing}.`)
const chromium = typeof program === 'string' ? program : ''

const timeout = 120_000

test.skipIf(chromium === '')(
  'a page of a site with TLS uses a cluster over wss:, and goes nowhere that it does not trust',
  { timeout },
  async () => {
    const shop = fileURLToPath(new URL('../../src/shop.page.ts', import.meta.url))
    const certificate = await certificateHere()
    await using fronts = new AsyncDisposableStack()
    await using server = await serve((await bundle(shop)).code, certificate)
    await using nodes = await Nodes.start(2, server.origin)
    const addresses = nodes.addresses.map((address) => NodeAddress.parse(address))
    const opened = await Promise.all(addresses.map((address) => tlsFront(certificate, address)))
    for (const front of opened) fronts.use(front)
    const map = Object.fromEntries(
      opened.map(({ address }, index) => [nodes.addresses[index] ?? '', address]),
    )

    await using browser = new Browser(chromium, { trustedKeys: [keyHashOf(certificate)] })
    const page = await browser.open(server.origin)
    expect(await page.evaluate('location.protocol')).toBe('https:')
    const entering = `Shop.enter(${JSON.stringify(nodes.addresses)}, ${JSON.stringify(map)})`
    await page.evaluate(`${entering}.then((shop) => void (self.shop = shop))`)
    expect(await page.evaluate('shop.members.length')).toBe(2)
    await page.evaluate(`shop.add('ann', 'tea')`)
    expect(await page.evaluate(`shop.list('ann')`)).toEqual(['tea'])
    expect(await page.evaluate(`shop.write('over TLS', 'all')`)).toBe(2)
    const leaving = nodes.keys.find((key) => key !== undefined) ?? ''
    const seen = page.evaluate(`shop.leaves('${leaving}')`)
    await nodes.leave(leaving)
    expect(await seen).toBe(true)

    await using doubting = new Browser(chromium)
    const elsewhere = await doubting.open('about:blank')
    const dial = `new Promise((resolve) => {
      const socket = new WebSocket('wss://${opened[0]?.address}/casty')
      socket.onopen = () => resolve('open')
      socket.onclose = () => resolve('closed')
    })`
    expect(await elsewhere.evaluate(dial)).toBe('closed')
  },
)
