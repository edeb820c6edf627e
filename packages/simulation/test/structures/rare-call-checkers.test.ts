// Checkers of what is called more rarely: a history that breaks a promise is told, one that does not is not.
import { describe, expect, test } from 'vitest'
import { Cells, type CellInput, type CellOutput } from '../../src/structures/cells.ts'
import { DeadItems } from '../../src/structures/dead-items.ts'
import { EntryLives } from '../../src/structures/entry-lives.ts'
import { Gathering } from '../../src/structures/gathering.ts'
import { Items } from '../../src/structures/items.ts'
import { CounterWatch, MapWatch } from '../../src/structures/watches.ts'

describe('Cells', () => {
  type Call = readonly [input: CellInput, output: CellOutput]

  function wrongOf(...calls: readonly Call[]): string | undefined {
    let ms = 0
    const cells = new Cells(() => ++ms)
    for (const [input, output] of calls) cells.invoke('c', cells.nameOf('c'), input).ok(output)
    return cells.judge().wrong
  }

  test('take the rarer calls as they are', () => {
    const calls: readonly Call[] = [
      [{ type: 'get-and-add', by: 2 }, 0],
      [{ type: 'get-and-set', value: 7 }, 2],
      [{ type: 'put-if-absent', value: 8 }, 7],
      [{ type: 'delete-if', expected: 8 }, false],
      [{ type: 'take' }, 7],
      [{ type: 'put-if-absent', value: 9 }, null],
      [{ type: 'discard' }, null],
      [{ type: 'get' }, null],
    ]
    expect(wrongOf(...calls)).toBeUndefined()
  })

  test.each<readonly [string, Call, Call]>([
    [
      'one that was written over',
      [{ type: 'put', value: 1 }, null],
      [{ type: 'put-if-absent', value: 2 }, null],
    ],
    [
      'one that was another',
      [{ type: 'put', value: 1 }, null],
      [{ type: 'delete-if', expected: 2 }, true],
    ],
    ['one that was taken twice', [{ type: 'put', value: 1 }, null], [{ type: 'take' }, null]],
    ['a sum told too late', [{ type: 'add', by: 1 }, 1], [{ type: 'get-and-add', by: 1 }, 2]],
  ])('tell of %s', (_, first, second) => {
    expect(wrongOf(first, second)).toEqual(expect.any(String))
  })
})

describe('DeadItems', () => {
  function buried(): DeadItems {
    const dead = new DeadItems()
    dead.buried('q', 'q 1', 10, 20)
    return dead
  }

  test('are on the list, and with nobody', () => {
    const dead = buried()
    dead.listed('q', ['q 1'], 30, 40)
    dead.delivered('q 1', 5, 15)
    expect(dead.judge()).toEqual([])
  })

  test('come again once they are redriven', () => {
    const dead = buried()
    dead.redrives('q', 30)(35)
    dead.delivered('q 1', 40, 50)
    dead.listed('q', [], 40, 50)
    expect(dead.judge()).toEqual([])
  })

  test('may be redriven by a call of which nothing is known', () => {
    const dead = buried()
    dead.redrives('q', 5)
    dead.delivered('q 1', 40, 50)
    expect(dead.judge()).toEqual([])
  })

  test('must not be delivered as they are', () => {
    const dead = buried()
    dead.redrives('q', 1)(5)
    dead.delivered('q 1', 40, 50)
    expect(dead.judge()).toEqual(['q 1 was delivered, which was dead and not redriven'])
  })

  test('must not be left out of the list', () => {
    const dead = buried()
    dead.listed('q', [], 30, 40)
    expect(dead.judge()).toHaveLength(1)
  })
})

describe('Items that are put in at once', () => {
  function judged(...delivered: readonly string[]): readonly string[] {
    let ms = 0
    const items = new Items(() => ++ms)
    items.together(['q 1', 'q 2'])
    for (const value of delivered) items.delivered({ value, deliveries: 1 }, ms, 1, 'user')
    return items.judge(new Map())
  }

  test('come all, or none does', () => {
    expect(judged()).toEqual([])
    expect(judged('q 1', 'q 2')).toEqual([])
  })

  test('must not come in part', () => {
    expect(judged('q 1')).toEqual(['Of q 1, q 2, which were put in at once, q 2 never came'])
  })
})

describe('EntryLives', () => {
  test('last from when they were given their time anew', () => {
    const lives = new EntryLives()
    lives.put('t1', 1_000, 0)(10)
    lives.touched('t1', 800)
    lives.looked('t1', { from: 1_500, to: 1_510, isThere: false })
    expect(lives.judge()).toHaveLength(1)
  })
})

describe('Gathering', () => {
  function gathered(found: readonly string[], size: number): readonly string[] {
    const gathering = new Gathering()
    gathering.puts('map', 'a', 0)(10)
    gathering.puts('map', 'b', 5)
    gathering.puts('map', 'c', 100)(110)
    gathering.scanned({ what: 'map', found, from: 20, to: 30 })
    gathering.counted({ what: 'map', size, from: 20, to: 30 })
    return gathering.judge()
  }

  test('meets all that is there once, and some that may be', () => {
    expect(gathered(['a'], 1)).toEqual([])
    expect(gathered(['a', 'b'], 2)).toEqual([])
  })

  test.each([
    ['one that is left out', [], 1],
    ['one that comes twice', ['a', 'a'], 1],
    ['one that nobody had put', ['a', 'c'], 1],
    ['too few', ['a'], 0],
    ['too many', ['a'], 3],
  ])('tells of %s', (_, found, size) => {
    expect(gathered(found, size)).toHaveLength(1)
  })
})

describe('CounterWatch', () => {
  function told(...values: readonly number[]): readonly string[] {
    const watch = new CounterWatch()
    for (const value of values) watch.told(value, 3)
    return watch.wrong
  }

  test('takes values that grow, some left out', () => {
    expect(told(0, 1, 3)).toEqual([])
  })

  test('tells of one that falls, and of one that cannot be', () => {
    expect(told(2, 1)).toEqual(['1 was told after 2'])
    expect(told(4)).toEqual(['4 was told, and it is 3 at most'])
  })
})

describe('MapWatch', () => {
  const put = (value: number, previous: number | undefined, version: number) =>
    ({ type: 'put', key: 'k', value, previous, version }) as const

  test('takes changes that follow each other', () => {
    const watch = new MapWatch(false)
    watch.told(put(1, undefined, 5))
    watch.told({ type: 'expire', key: 'k', previous: 1, version: 6 })
    watch.told({ type: 'resync' })
    watch.told(put(3, 2, 9))
    expect(watch.wrong).toEqual([])
    expect(watch.differenceTo(new Map([['k', 3]]))).toBeUndefined()
  })

  test('tells of one that was left out, and of one that came before', () => {
    const watch = new MapWatch(false)
    watch.told(put(1, undefined, 5))
    watch.told(put(3, 2, 9))
    watch.told(put(4, 3, 8))
    expect(watch.wrong).toEqual(['put k followed 2, where 1 was known', 'put k of 8 came after 9'])
  })

  test('tells of a last change that never came', () => {
    const watch = new MapWatch(true)
    expect(watch.differenceTo(new Map([['k', 1]]))).toBe('k is 1, and undefined was told last')
    watch.told({ type: 'resync' })
    expect(watch.differenceTo(new Map([['k', 1]]))).toBeUndefined()
  })
})
