import { expect, test } from 'vitest'
import { scanParts } from '../src/structures/scan.ts'
import { DataWorld } from './data-world.ts'

/** Parts with pages of two, whose reads end when the test says so. */
class Reads {
  readonly under: (readonly [part: number, cursor: number])[] = []
  most = 0
  count = 0

  async read(part: number, cursor: number): Promise<{ items: string[]; next: number }> {
    const id = [part, cursor] as const
    this.under.push(id)
    this.count += 1
    this.most = Math.max(this.most, this.under.length)
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.under.splice(this.under.indexOf(id), 1)
    return { items: [`${part}.${cursor}`], next: cursor === 2 ? 0 : cursor + 1 }
  }
}

test('pages come in the order of the parts, and not many of them before their time', async () => {
  const reads = new Reads()
  const seen: string[] = []
  for await (const item of scanParts(30, (part, cursor) => reads.read(part, cursor)))
    seen.push(item)
  const all = Array.from({ length: 30 }, (_, part) => [0, 1, 2].map((page) => `${part}.${page}`))
  expect(seen).toEqual(all.flat())
  expect(reads.most).toBeLessThanOrEqual(9)
  expect(reads.count).toBe(90)
})

test('a scan that is left soon has not read much', async () => {
  const reads = new Reads()
  for await (const _ of scanParts(30, (part, cursor) => reads.read(part, cursor))) break
  expect(reads.count).toBeLessThanOrEqual(2)
})

test('a page that cannot be read ends the scan where it is', async () => {
  const seen: string[] = []
  const scan = scanParts(5, async (part) => {
    await Promise.resolve()
    if (part === 3) throw new Error('It is away')
    return { items: [String(part)], next: 0 }
  })
  const reading = (async () => {
    for await (const item of scan) seen.push(item)
  })()
  await expect(reading).rejects.toThrow('It is away')
  expect(seen).toEqual(['0', '1', '2'])
})

test('a hundred parts take much less time than one after the other', async () => {
  await using world = await DataWorld.of('a b c')
  const map = world.on('a').map<number, number>('m')
  const entries = Array.from({ length: 200 }, (_, of) => [of, of] as const)
  await world.settled(map.putMany(entries))
  const begin = world.clock.now()
  let count = 0
  await world.settled(
    (async () => {
      for await (const _ of map) count += 1
    })(),
  )
  expect(count).toBe(200)
  // Two of three parts are a millisecond away, and back.
  expect(world.clock.now() - begin).toBeLessThan(60)
})
