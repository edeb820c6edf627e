// What judges histories of structures finds what cannot be.
import { describe, expect, test } from 'vitest'
import type { Act, ActValue } from '../src/structures/acts.ts'
import { Holdings } from '../src/structures/holdings.ts'
import { Trial } from '../src/structures/trial.ts'

const fences = ['00000000000000000001', '00000000000000000002', '00000000000000000003'] as const
const [first, second, third] = fences

describe('of what is held', () => {
  function holding(
    key: string,
    ...held: readonly (readonly [fence: string, from: number, to: number])[]
  ): Holdings {
    const holdings = new Holdings()
    for (const [fence, from, to] of held) {
      holdings.granted({ key, fence, invokedAt: from - 1, completedAt: from }, 'somebody')
      for (const at of [from, to]) holdings.believes({ key, fence, from: at, to: at })
    }
    return holdings
  }

  test('one after the other is right', () => {
    expect(holding('lock a', [first, 1, 5], [second, 6, 9]).judge()).toEqual([])
    expect(holding('semaphore s', [first, 1, 5], [second, 3, 9]).judge()).toEqual([])
  })

  test('a lock is not held by two at once, nor permits by more than there are', () => {
    expect(holding('lock a', [first, 1, 7], [second, 6, 9]).judge()).toHaveLength(1)
    const three = holding('semaphore s', [first, 1, 5], [second, 3, 9], [third, 4, 9])
    expect(three.judge()).toHaveLength(1)
  })

  test('a token comes once, and not after a greater one', () => {
    expect(holding('lock a', [second, 1, 3], [first, 5, 6]).judge()).toHaveLength(1)
    expect(holding('lock a', [first, 1, 3], [first, 5, 6]).judge()).not.toEqual([])
  })

  test('a resource refuses tokens below the greatest that it has seen', () => {
    const holdings = new Holdings()
    expect([second, first, second, third].map((fence) => holdings.write('lock a', fence))).toEqual([
      true,
      false,
      true,
      true,
    ])
    expect(holdings.refused).toBe(1)
  })
})

describe('of what was answered', () => {
  async function judged(
    steps: readonly (readonly [act: Act, value: ActValue])[],
    left: readonly string[] = [],
  ): Promise<readonly string[]> {
    const trial = new Trial('trial')
    for (const [act, value] of steps) {
      await trial.record(act, async () => await Promise.resolve({ type: 'ok', value }))
    }
    return trial.judge(new Map([['queue', left]]), 2)
  }
  const add = { type: 'add', name: 'counter', by: 1 } as const
  const get = { type: 'get', name: 'entry' } as const
  const enqueue = { type: 'enqueue', name: 'queue', item: 'item' } as const

  test('increments that were answered count, and entries are what was put', async () => {
    const put = { type: 'put', name: 'entry', value: 7 } as const
    expect(await judged([[add, 1], [add, 2], [put, null], [get, 7]])).toEqual([]) // prettier-ignore
    expect(await judged([[add, 1], [add, 1]])).toHaveLength(1) // prettier-ignore
    expect(await judged([[put, null], [get, null]])).toHaveLength(1) // prettier-ignore
  })

  test('items are not lost', async () => {
    expect(await judged([[enqueue, null]], ['item'])).toEqual([])
    expect(await judged([[enqueue, null]])).toHaveLength(1)
    expect(await judged([], ['item'])).toHaveLength(1)
  })

  test('nobody goes on from a barrier alone', async () => {
    const arrive = { type: 'arrive', name: 'barrier', expected: 2 } as const
    expect(await judged([[arrive, { round: 1, index: 0 }]])).toHaveLength(1)
  })

  test('calls that are right are not told that they are wrong', async () => {
    const trial = new Trial('trial')
    const wrong = {
      type: 'failed',
      applied: 'no',
      code: 'CASTY_DDATA_ARGUMENT',
      message: '',
    } as const
    await trial.record(add, async () => await Promise.resolve(wrong))
    expect(trial.judge(new Map(), 2)).toHaveLength(1)
  })
})
