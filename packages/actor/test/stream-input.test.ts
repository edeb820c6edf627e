import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readStream, streamInput, streamSource } from '../src/index.ts'
import { TestSystem } from './probe.ts'

/** Whether it has settled by now, and how. */
async function state(promise: Promise<unknown>): Promise<unknown> {
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
  return await Promise.race([promise, Promise.resolve('waits')])
}

async function read(elements: AsyncIterable<number>): Promise<readonly number[]> {
  const all: number[] = []
  for await (const element of elements) all.push(element)
  return all
}

describe('What is put into a stream', () => {
  test('comes out at the other end, in order, and waits for room', async () => {
    await using system = new TestSystem()
    const input = streamInput<number>({ capacity: 2 })
    const source = system.spawn(streamSource(input.elements))
    const loop = readStream(system, source, { demand: 1 })[Symbol.asyncIterator]()
    const put = [1, 2, 3, 4].map((element) => input.put(element))
    const states = await Promise.all(put.map(state))
    expect(states).toEqual([true, true, true, 'waits']) // Two wait to be read, and one was asked for.
    const first = loop.next()
    await system.idle()
    expect(await first).toEqual({ done: false, value: 1 })
    expect(await Promise.all(put.map(state))).toEqual([true, true, true, true])
    const rest = [loop.next(), loop.next(), loop.next(), loop.next()]
    await system.idle()
    input.complete()
    await system.idle()
    expect((await Promise.all(rest)).map(({ value }) => value)).toEqual([2, 3, 4, undefined])
    expect(await Promise.all(put)).toEqual([true, true, true, true])
    expect(await input.put(5)).toBe(false)
  })

  test('comes out before the failure that ends it', async () => {
    const input = streamInput<number>()
    await input.put(1)
    input.fail(new Error('no more'))
    input.complete()
    const loop = input.elements()[Symbol.asyncIterator]()
    expect(await loop.next()).toEqual({ done: false, value: 1 })
    await expect(loop.next()).rejects.toThrow('no more')
  })

  test('is not lost with a reader that left while it waited', async () => {
    const input = streamInput<number>()
    const gone = input.elements()[Symbol.asyncIterator]()
    const next = gone.next()
    await gone.return?.()
    expect(await next).toEqual({ done: true, value: undefined })
    await input.put(1)
    input.complete()
    expect(await read(input.elements())).toEqual([1])
  })

  test('waits no longer than its signal says, nor than the stream lasts', async () => {
    const input = streamInput<number>({ capacity: 1 })
    await input.put(1)
    const abort = new AbortController()
    const aborted = input.put(2, { signal: abort.signal })
    const left = input.put(3)
    abort.abort('enough')
    await expect(aborted).rejects.toBe('enough')
    await expect(input.put(4, { signal: abort.signal })).rejects.toBe('enough')
    input.complete()
    expect(await left).toBe(false)
    expect(await read(input.elements())).toEqual([1])
  })

  test('is checked at the door', async () => {
    expect(() => streamInput({ capacity: 0 })).toThrow('Option capacity of streamInput() is 0')
    // Given by code without types.
    const signal = {} as AbortSignal
    await expect(streamInput().put(1, { signal })).rejects.toThrow('Option signal of put()')
  })

  test('comes out once each, whatever the order of what is done', async () => {
    const does = fc.array(fc.constantFrom('put', 'take', 'leave'), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(does, fc.integer({ min: 1, max: 4 }), async (steps, capacity) => {
        const input = streamInput<number>({ capacity })
        let loop = input.elements()[Symbol.asyncIterator]()
        const put: Promise<boolean>[] = []
        const taken: Promise<IteratorResult<number>>[] = []
        for (const step of steps) {
          if (step === 'put') put.push(input.put(put.length))
          else if (step === 'take') taken.push(loop.next())
          else {
            void loop.return?.()
            loop = input.elements()[Symbol.asyncIterator]()
          }
        }
        input.complete()
        const rest = await read(input.elements())
        const results = await Promise.all(taken)
        const came = results.flatMap((one) => (one.done === true ? [] : [one.value])).concat(rest)
        expect(came).toEqual(came.map((_one, index) => index))
        expect(came).toHaveLength((await Promise.all(put)).filter(Boolean).length)
        expect(rest.length).toBeLessThanOrEqual(capacity)
      }),
      { seed: 5 },
    )
  })
})
