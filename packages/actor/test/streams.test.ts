import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  Behaviors,
  oneForOne,
  readStream,
  streamSink,
  streamSource,
  type StreamRequest,
} from '../src/index.ts'
import { gate, TestSystem } from './probe.ts'

/** Numbers from 1, and a word of each that was taken. */
function* counted(upTo: number, taken: number[]): Generator<number> {
  try {
    for (let next = 1; next <= upTo; next++) {
      taken.push(next)
      yield next
    }
  } finally {
    taken.push(0)
  }
}

async function collect<E>(elements: AsyncIterable<E>): Promise<readonly E[]> {
  const all: E[] = []
  for await (const element of elements) all.push(element)
  return all
}

describe('A stream', () => {
  test('goes from one actor to another, in order, to its end', async () => {
    await using system = new TestSystem()
    const log: number[] = []
    const source = system.spawn(streamSource(() => counted(1_000, [])))
    system.spawn(
      streamSink(source, (element) => void log.push(element)),
      { name: 'sink' },
    )
    await system.idle()
    expect(log).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1))
    expect(system.story.at(-1)).toMatch(/stopped/)
    expect(system.lookup('/sink')).toBeUndefined()
    expect(system.deadLetters).toEqual({})
  })

  test('is taken from no faster than it is handled', async () => {
    await using system = new TestSystem()
    const taken: number[] = []
    const gates = Array.from({ length: 20 }, gate)
    const source = system.spawn(streamSource(() => counted(20, taken)))
    let handled = 0
    const sink = streamSink(source, async () => await gates[handled++]?.promise, { demand: 4 })
    system.spawn(sink)
    await system.idle()
    expect(taken).toEqual([1, 2, 3, 4])
    for (const one of gates.slice(0, 10)) {
      one.open()
      await system.idle()
      expect(taken.length - handled).toBeLessThan(4)
    }
    expect(handled).toBe(11)
    for (const one of gates) one.open()
  })

  test('is read by a loop of code that is no actor', async () => {
    await using system = new TestSystem()
    async function* slowly(): AsyncGenerator<string> {
      await Promise.resolve()
      yield 'a'
      await Promise.resolve()
      yield 'b'
    }
    const source = system.spawn(streamSource(slowly))
    expect(await collect(readStream(system, source))).toEqual(['a', 'b'])
    expect(await collect(readStream(system, source))).toEqual(['a', 'b'])
  })

  test('whose loop is left is closed at the other end', async () => {
    await using system = new TestSystem()
    const taken: number[] = []
    const source = system.spawn(
      streamSource(() => counted(1_000, taken)),
      { name: 'source' },
    )
    for await (const element of readStream(system, source, { demand: 2 })) {
      if (element === 3) break
    }
    await system.idle()
    expect(taken.at(-1)).toBe(0)
    expect(taken.length).toBeLessThan(10)
    expect(system.explain(source).children).toEqual([])
  })

  test('that fails ends as a failure, with what was given before it', async () => {
    await using system = new TestSystem()
    const cause = new Error('no more')
    const source = system.spawn(
      streamSource(function* () {
        yield 1
        throw cause
      }),
    )
    const log: number[] = []
    const read = (async () => {
      for await (const element of readStream(system, source)) log.push(element)
    })()
    await expect(read).rejects.toMatchObject({ code: 'CASTY_ACTOR_STREAM_FAILED', cause })
    expect(log).toEqual([1])
  })

  test('fails its sink, which reads from the beginning where it begins anew', async () => {
    await using system = new TestSystem()
    const log: number[] = []
    let times = 0
    const source = system.spawn(
      streamSource(async function* () {
        await Promise.resolve()
        yield 1
        if (++times === 1) throw new Error('no more')
        yield 2
      }),
    )
    const sink = streamSink(source, (element) => void log.push(element))
    system.spawn(Behaviors.supervise(sink, oneForOne()), { name: 'sink' })
    await system.idle()
    expect(log).toEqual([1, 1, 2])
    expect(system.story.filter((line) => line.endsWith('/sink'))).toEqual([
      'started /sink',
      'failed /sink',
      'restarted /sink',
      'stopped /sink',
    ])
  })

  test('of before is not taken for that of one who has begun anew', async () => {
    await using system = new TestSystem()
    const log: number[] = []
    const source = system.spawn(
      streamSource(() => counted(6, [])),
      { name: 'source' },
    )
    let isFirst = true
    const sink = streamSink(
      source,
      (element) => {
        log.push(element)
        if (element !== 2 || !isFirst) return
        isFirst = false
        throw new Error('once')
      },
      { demand: 5 },
    )
    system.spawn(Behaviors.supervise(sink, oneForOne()))
    await system.idle()
    expect(log).toEqual([1, 2, 1, 2, 3, 4, 5, 6])
    expect(system.explain(source).children).toEqual([])
  })

  test('whose source stops is broken, not completed', async () => {
    await using system = new TestSystem()
    const source = system.spawn(streamSource(() => endless(gate().promise)))
    const read = collect(readStream(system, source))
    const told = expect(read).rejects.toMatchObject({ code: 'CASTY_ACTOR_STREAM_BROKEN' })
    await system.idle()
    await system.stop(source)
    await told
  })

  test('is broken when its system shuts down', async () => {
    const system = new TestSystem()
    const source = system.spawn(streamSource(() => endless(gate().promise)))
    const read = collect(readStream(system, source))
    const told = expect(read).rejects.toMatchObject({ code: 'CASTY_ACTOR_STREAM_BROKEN' })
    await system.idle()
    await system.shutdown()
    await told
  })

  test('of one who is no source, or has stopped, or is busy, is known to be none', async () => {
    await using system = new TestSystem()
    const other = system.spawn<StreamRequest<number>>(Behaviors.receive(() => Behaviors.unhandled))
    const unanswered = { code: 'CASTY_ACTOR_ASK_UNANSWERED' }
    await expect(collect(readStream(system, other))).rejects.toMatchObject(unanswered)
    await system.stop(other)
    await expect(collect(readStream(system, other))).rejects.toMatchObject(unanswered)

    const source = system.spawn(streamSource(() => endless(gate().promise), { maxSubscribers: 1 }))
    void collect(readStream(system, source)).catch(() => {})
    await expect(collect(readStream(system, source))).rejects.toMatchObject({
      code: 'CASTY_ACTOR_STREAM_FAILED',
      cause: { code: 'CASTY_ACTOR_STREAM_BUSY' },
    })
  })
})

describe('A loop over a stream that is given a signal', () => {
  const silent = (): AsyncIterable<number> => ({
    [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
  })

  test('ends with its reason while it waits, and so does the other end', async () => {
    await using system = new TestSystem()
    const source = system.spawn(streamSource(silent))
    const abort = new AbortController()
    const loop = readStream(system, source, { signal: abort.signal })[Symbol.asyncIterator]()
    const next = loop.next()
    await system.idle()
    expect(system.explain(source).children).toHaveLength(1)
    abort.abort('enough')
    await expect(next).rejects.toBe('enough')
    await system.idle()
    expect(system.explain(source).children).toEqual([])
    await expect(loop.next()).rejects.toBe('enough')
  })

  test('does not begin where it is aborted already', async () => {
    await using system = new TestSystem()
    const source = system.spawn(streamSource(silent))
    const stream = readStream(system, source, { signal: AbortSignal.abort('too late') })
    expect(() => stream[Symbol.asyncIterator]()).toThrow('too late')
    await system.idle()
    expect(system.explain(source).children).toEqual([])
  })

  test('takes no other for one', async () => {
    await using system = new TestSystem()
    const source = system.spawn(streamSource(silent))
    // Given by code without types.
    const signal = {} as AbortSignal
    expect(() => readStream(system, source, { signal })).toThrow('Option signal of readStream()')
  })
})

test('A stream gives all elements, in order, and never more than are wanted', async () => {
  const settings = fc.record({
    upTo: fc.integer({ min: 0, max: 50 }),
    demand: fc.integer({ min: 1, max: 20 }),
    isAsync: fc.boolean(),
    takesMs: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1 }),
  })
  await fc.assert(
    fc.asyncProperty(settings, async ({ upTo, demand, isAsync, takesMs }) => {
      await using system = new TestSystem()
      const [taken, log]: [number[], number[]] = [[], []]
      async function* asynchronous(): AsyncGenerator<number> {
        yield* counted(upTo, taken)
      }
      const source = system.spawn(streamSource(isAsync ? asynchronous : () => counted(upTo, taken)))
      const sink = streamSink(
        source,
        async (element) => {
          expect(taken.filter((one) => one > 0).length - log.length).toBeLessThanOrEqual(demand)
          const ms = takesMs[element % takesMs.length] ?? 0
          if (ms > 0) await new Promise<void>((go) => void system.clock.schedule(ms, go))
          log.push(element)
        },
        { demand },
      )
      system.spawn(sink, { name: 'sink' })
      await system.pass(200)
      expect(log).toEqual(Array.from({ length: upTo }, (_, index) => index + 1))
      expect(system.lookup('/sink')).toBeUndefined()
      expect(system.explain(source).children).toEqual([])
      expect(system.deadLetters).toEqual({})
    }),
    { numRuns: 100 },
  )
})

test('A stream waits for a reader that is slow, and has a small mailbox', async () => {
  await using system = new TestSystem()
  const log: number[] = []
  const hour = 3_600_000
  const sink = streamSink(
    system.spawn(streamSource(() => counted(4, []))),
    async (element) => {
      await new Promise<void>((go) => void system.clock.schedule(hour, go))
      log.push(element)
    },
    { demand: 2 },
  )
  system.spawn(sink, { name: 'sink', mailbox: { capacity: 20 } })
  await system.pass(5 * hour)
  expect(log).toEqual([1, 2, 3, 4])
  expect(system.lookup('/sink')).toBeUndefined()
  expect(system.deadLetters['mailbox-full']).toBeUndefined()
})

test('A stream of which an element is lost is broken, not shorter', async () => {
  await using system = new TestSystem()
  const log: number[] = []
  const source = system.spawn(streamSource(() => counted(10, [])))
  const sink = streamSink(source, (element) => void log.push(element), { demand: 10 })
  system.spawn(sink, { name: 'sink', mailbox: { capacity: 4 } })
  await system.pass(1_000)
  expect(log.length).toBeLessThan(10)
  expect(system.events).toContainEqual(
    expect.objectContaining({
      type: 'actor-failed',
      error: expect.objectContaining({ code: 'CASTY_ACTOR_STREAM_BROKEN' }) as unknown,
    }),
  )
})

async function* endless(until: Promise<void>): AsyncGenerator<number> {
  await until
  yield 1
}
