import { describe, expect, test } from 'vitest'
import { talker, talkers } from './talker.ts'

const forth = { from: 'a', to: 'b' }
const back = { from: 'b', to: 'a' }

describe('a fault of a link', () => {
  test('is felt in its direction only, and ends with its time', async () => {
    const world = await talkers('a b')
    void talker(world, 'a').say('b', 'hello')
    await world.run(100)
    void talker(world, 'b').say('a', 'hello')
    await world.run(100)
    world.disturb(forth, { type: 'delay', latencyMs: 50, jitterMs: 0 }, 1_000)
    void talker(world, 'a').say('b', 'slowly')
    void talker(world, 'b').say('a', 'quickly')
    await world.run(1_000)
    void talker(world, 'a').say('b', 'again')
    await world.run(100)
    expect(talker(world, 'b').heard.slice(1)).toEqual(['250 a slowly', '1201 a again'])
    expect(talker(world, 'a').heard.slice(1)).toEqual(['201 b quickly'])
  })

  test('gives way to a newer one of its kind, and comes back when that is over', async () => {
    const world = await talkers('a b')
    void talker(world, 'a').say('b', 'first')
    await world.run(100)
    world.disturb(forth, { type: 'delay', latencyMs: 10, jitterMs: 0 }, 300)
    world.disturb(forth, { type: 'delay', latencyMs: 50, jitterMs: 0 }, 100)
    for (const word of ['newest', 'older', 'none']) {
      void talker(world, 'a').say('b', word)
      await world.run(150)
    }
    expect(talker(world, 'b').heard.slice(1)).toEqual(['150 a newest', '260 a older', '401 a none'])
  })

  test('stays the newest where an older one ends first', async () => {
    const world = await talkers('a b')
    void talker(world, 'a').say('b', 'first')
    await world.run(100)
    world.disturb(forth, { type: 'delay', latencyMs: 10, jitterMs: 0 }, 100)
    world.disturb(forth, { type: 'delay', latencyMs: 50, jitterMs: 0 }, 1_000)
    await world.run(200)
    void talker(world, 'a').say('b', 'word')
    await world.run(200)
    expect(talker(world, 'b').heard.slice(1)).toEqual(['350 a word'])
  })

  test('leaves faults of other kinds as they are', async () => {
    const world = await talkers('a b')
    void talker(world, 'a').say('b', 'first')
    await world.run(100)
    world.disturb(forth, { type: 'delay', latencyMs: 50, jitterMs: 0 }, 1_000)
    world.disturb(forth, { type: 'cut', mode: 'hold' }, 100)
    void talker(world, 'a').say('b', 'held')
    await world.run(99)
    expect(talker(world, 'b').heard).toHaveLength(1)
    await world.run(200)
    expect(talker(world, 'b').heard.slice(1)).toEqual(['200 a held'])
  })

  test.each([
    ['drop', { type: 'drop', probability: 1 }, []],
    ['duplicate', { type: 'duplicate', probability: 1 }, ['a word', 'a word']],
    ['retransmit', { type: 'retransmit', probability: 0.999 }, []],
    ['reorder', { type: 'reorder', probability: 1, delayMs: 400 }, []],
    ['bandwidth', { type: 'bandwidth', bytesPerSecond: 5 }, []],
    ['silent cut', { type: 'cut', mode: 'silent' }, []],
  ] as const)('of the kind %s is felt, and its end as well', async (_name, fault, expected) => {
    const world = await talkers('a b')
    void talker(world, 'a').say('b', 'first')
    await world.run(100)
    world.disturb(forth, fault, 200)
    void talker(world, 'a').say('b', 'word')
    await world.run(199)
    const words = talker(world, 'b').heard.slice(1)
    expect(words.map((word) => word.replace(/^\d+ /, ''))).toEqual(expected)
    await world.run(600_000)
    const before = talker(world, 'b').heard.length
    void talker(world, 'a').say('b', 'last')
    await world.run(10)
    expect(talker(world, 'b').heard.slice(before)).toEqual([`${600_300} a last`])
  })

  test('tears connections down where that is the mode of a cut', async () => {
    const world = await talkers('a b')
    void talker(world, 'a').say('b', 'first')
    await world.run(100)
    world.disturb(forth, { type: 'cut', mode: 'reset' }, 200)
    await world.run(10)
    expect(talker(world, 'a').closed).toEqual(['reset'])
    expect(talker(world, 'b').closed).toEqual(['reset'])
  })
})

describe('healing', () => {
  test('ends every fault of every link at once', async () => {
    const world = await talkers('a b')
    void talker(world, 'a').say('b', 'first')
    await world.run(100)
    world.disturb(forth, { type: 'cut', mode: 'hold' }, 60_000)
    world.disturb(forth, { type: 'cut', mode: 'hold' }, 90_000)
    world.disturb(back, { type: 'delay', latencyMs: 5_000, jitterMs: 0 }, 60_000)
    void talker(world, 'a').say('b', 'held')
    await world.run(100)
    world.healLinks()
    void talker(world, 'b').say('a', 'quickly')
    await world.run(100)
    expect(talker(world, 'b').heard.slice(1)).toEqual(['200 a held'])
    expect(talker(world, 'a').heard).toEqual(['203 b quickly'])
    expect(world.disturbances.wasLinkBad('a', 'b', 201)).toBe(false)
  })
})

describe('a link is remembered as bad', () => {
  test.each([
    [{ type: 'cut', mode: 'hold' }, true],
    [{ type: 'drop', probability: 0.01 }, true],
    [{ type: 'bandwidth', bytesPerSecond: 1_000_000 }, true],
    [{ type: 'retransmit', probability: 0.2 }, true],
    [{ type: 'retransmit', probability: 0.1 }, false],
    [{ type: 'delay', latencyMs: 200, jitterMs: 200 }, true],
    [{ type: 'delay', latencyMs: 200, jitterMs: 100 }, false],
    [{ type: 'duplicate', probability: 1 }, false],
    [{ type: 'reorder', probability: 1, delayMs: 1_000 }, false],
  ] as const)('under %j: %j', async (fault, isBad) => {
    const world = await talkers('a b')
    world.disturb(forth, fault, 100)
    expect(world.disturbances.wasLinkBad('b', 'a', 0)).toBe(isBad)
    await world.run(200)
    expect(world.disturbances.wasLinkBad('b', 'a', 150)).toBe(false)
  })
})
