// A page in a real browser, as a client of a cluster of processes over WebSocket.
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Browser } from '../../src/browser.ts'
import { bundle } from '../../src/bundle.ts'
import { chromiumProgram } from '../../src/chromium.ts'
import { Nodes } from '../../src/nodes.ts'
import { serve } from '../../src/web-server.ts'

const program = await chromiumProgram()
if (typeof program !== 'string') console.log(`No test of pages: ${program.missing}.`)
const chromium = typeof program === 'string' ? program : ''
const { code } = await bundle(fileURLToPath(new URL('../../src/shop.page.ts', import.meta.url)))

test.skipIf(chromium === '')('a page sends to entities', async () => {
  await using server = await serve(code)
  await using nodes = await Nodes.start(3, server.origin)
  await using browser = new Browser(chromium)
  const page = await browser.open(server.origin)
  await page.evaluate(
    `Shop.enter(${JSON.stringify(nodes.addresses)}).then((shop) => { self.shop = shop })`,
  )
  await page.evaluate(`shop.add('ann', 'tea')`)
  expect(await page.evaluate(`shop.list('ann')`)).toEqual(['tea'])
  expect(nodes.keys).toContain(await page.evaluate(`shop.askClerk()`))
  expect(await page.evaluate(`shop.count()`)).toBe(1)
})
