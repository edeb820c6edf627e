// Pages in a real browser, as clients of a cluster of processes over WebSocket.
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Browser } from '../../src/browser.ts'
import { bundle } from '../../src/bundle.ts'
import { chromiumProgram } from '../../src/chromium.ts'
import { Nodes } from '../../src/nodes.ts'
import type { Page } from '../../src/page.ts'
import { serve } from '../../src/web-server.ts'

const program = await chromiumProgram()
if (typeof program !== 'string') console.log(`No test of pages: ${program.missing}.`)
const chromium = typeof program === 'string' ? program : ''
const { code } = await bundle(fileURLToPath(new URL('../../src/shop.page.ts', import.meta.url)))

/** A page that has found the cluster. */
async function enter(browser: Browser, origin: string, contacts: readonly string[]): Promise<Page> {
  const page = await browser.open(origin)
  const entering = `Shop.enter(${JSON.stringify(contacts)})`
  await page.evaluate(`${entering}.then((shop) => void (self.shop = shop))`)
  return page
}

/** Mostly for four processes to begin, where nothing of theirs is compiled yet. */
const timeout = 120_000

test.skipIf(chromium === '')(
  'pages use a cluster, share a value, see a member leave, and outlive the member that they talk to',
  { timeout },
  async () => {
    await using server = await serve(code)
    await using nodes = await Nodes.start(4, server.origin)
    await using browser = new Browser(chromium)
    const ann = await enter(browser, server.origin, nodes.addresses)
    const bob = await enter(browser, server.origin, nodes.addresses)
    const self = await ann.evaluate('shop.self')
    expect(await ann.evaluate('shop.members.length')).toBe(4)

    await ann.evaluate(`shop.add('ann', 'tea')`)
    expect(await ann.evaluate(`shop.list('ann')`)).toEqual(['tea'])
    expect(nodes.keys).toContain(await ann.evaluate('shop.askClerk()'))
    expect(await ann.evaluate('shop.count()')).toBe(1)
    expect(await bob.evaluate('shop.count()')).toBe(2)
    expect(await ann.evaluate(`shop.write('by ann', 'all')`)).toBe(4)
    expect(await bob.evaluate(`shop.reads('by ann')`)).toBe(true)

    const contact = String(await ann.evaluate('shop.contact'))
    const leaving = nodes.keys.find((key) => key !== contact) ?? ''
    const seen = Promise.all([ann, bob].map((page) => page.evaluate(`shop.leaves('${leaving}')`)))
    await nodes.leave(leaving)
    expect(await seen).toEqual([true, true])

    await nodes.kill(contact)
    const written = ann.evaluate(`shop.write('after the kill', { nodes: 2 })`)
    expect(await ann.evaluate('shop.board')).toEqual(['after the kill', 'by ann'])
    expect(await written).toBe(2)
    expect(await bob.evaluate(`shop.reads('after the kill')`)).toBe(true)
    expect(await ann.evaluate('shop.self')).toBe(self)
    expect(await ann.evaluate('shop.contact')).not.toBe(contact)
    expect(await ann.evaluate('shop.contacts')).toContain('silent')
    expect(await ann.evaluate('shop.count()')).toBe(3)
    await ann.evaluate(`shop.add('carl', 'milk')`)
    expect(await ann.evaluate(`shop.list('carl')`)).toEqual(['milk'])
  },
)
