// Each checker cries on a bad history, and is silent on the good one beside it.
import { describe, expect, test } from 'vitest'
import { ShardActs } from '../../src/sharding/acts.ts'
import { Answers } from '../../src/sharding/answers.ts'
import type { ClientLetter } from '../../src/sharding/entities.ts'
import { Fences } from '../../src/sharding/fences.ts'
import { Letters } from '../../src/sharding/letters.ts'

type Act = readonly [process: string, epoch: number, at: number]

/** The checker that cries over one of them, if one does. */
function judge(acts: readonly Act[], mayFall = false): string | undefined {
  const shard = new ShardActs()
  const findings = acts.map(([process, epoch, at]) => shard.act(process, epoch, at, mayFall))
  return findings.find((finding) => finding !== undefined)?.checker
}

describe('Those who act for a shard', () => {
  const inTurn: readonly Act[] = [
    ['a', 5, 1],
    ['a', 5, 9],
    ['b', 7, 9],
    ['a', 8, 20],
  ]

  test('may do so one after the other, under epochs that grow', () => {
    expect(judge(inTurn)).toBeUndefined()
  })

  test('must not do so while another does', () => {
    expect(judge([...inTurn.slice(0, 3), ['a', 5, 10]])).toBe('one acts at a time')
  })

  test('are told apart by when things happen, not by when they are noted', () => {
    // A process that is blocked in the midst of something does it later.
    const blocked: readonly Act[] = [
      ['b', 7, 30],
      ['a', 5, 20],
    ]
    expect(judge(blocked)).toBeUndefined()
    expect(judge([...blocked, ['a', 5, 31]])).toBe('one acts at a time')
  })

  test('must not have the epoch of another, or a lower one', () => {
    const same: readonly Act[] = [
      ['a', 5, 1],
      ['b', 5, 2],
    ]
    const lower: readonly Act[] = [
      ['a', 5, 1],
      ['b', 4, 2],
    ]
    expect(judge(same)).toBe('an epoch has one owner')
    expect(judge(lower)).toBe('epochs only grow')
    expect(judge(lower, true)).toBeUndefined()
  })
})

function letter(uid: string, seq: number): ClientLetter {
  return { type: 'add', uid, from: 'a', seq, workMs: 0 }
}

/** What is found when these are handled, each at its time. */
function handle(...handled: readonly (readonly [uid: string, at: number])[]): readonly unknown[] {
  const letters = new Letters()
  for (const seq of [1, 2]) letters.sent(letter(`m${seq}`, seq), 'ledger/x', 0, false)
  return handled.map(
    ([uid, at]) => letters.handled(letter(uid, Number(uid.slice(1))), 'ledger/x', 'b', at)?.checker,
  )
}

describe('Messages', () => {
  test('may be handled once, in order, or not at all', () => {
    expect(handle(['m1', 1], ['m2', 2])).toEqual([undefined, undefined])
    expect(handle(['m2', 1])).toEqual([undefined])
  })

  test('must not be handled twice', () => {
    expect(handle(['m1', 1], ['m1', 2])).toEqual([undefined, 'messages are handled once'])
  })

  test('must not be made up', () => {
    expect(handle(['m3', 1])).toEqual(['messages are handled once'])
  })

  test('must not overtake each other', () => {
    expect(handle(['m2', 1], ['m1', 2])).toEqual([undefined, 'order is kept'])
    expect(handle(['m2', 9], ['m1', 2])).toEqual([undefined, undefined])
  })

  test('must not be handled where somebody said that they are not', () => {
    const letters = new Letters()
    letters.sent(letter('m1', 1), 'ledger/x', 0, false)
    expect(letters.dead('m1', 'overdue')).toBeUndefined()
    expect(letters.handled(letter('m1', 1), 'ledger/x', 'b', 1)?.checker).toBe(
      'the dead are not handled',
    )
  })
})

/** Two additions and a read of one client, answered like this; the journal holds `written`. */
function told(totals: readonly (number | undefined)[], written: readonly string[]): unknown {
  const answers = new Answers()
  for (const [index, total] of totals.entries()) {
    const uid = `m${index + 1}`
    answers.asked(uid, index === 2 ? 'get' : 'add', 'ledger/x', 10 * index)
    if (total !== undefined) answers.answered(uid, total, 10 * index + 5)
  }
  const events = written.map((uid) => ({ uid, epoch: 1 }))
  return answers.check('ledger/x', events)?.checker
}

describe('What clients were told', () => {
  test('is what one counter could have said', () => {
    expect(told([1, 2, 2], ['m1', 'm2'])).toBeUndefined()
    expect(told([1, undefined, 2], ['m1', 'm2'])).toBeUndefined()
    expect(told([undefined, 1, 1], ['m2'])).toBeUndefined()
  })

  test('must be in the journal', () => {
    expect(told([1, 2, 2], ['m1'])).toBe('what is acknowledged stays')
    expect(told([1, 2, 2], ['m2', 'm1'])).toBe('what is acknowledged stays')
  })

  test('must be there once', () => {
    expect(told([1, undefined, 2], ['m1', 'm1'])).toBe('messages are handled once')
  })

  test('must be no older than what was told before', () => {
    expect(told([1, 2, 1], ['m1', 'm2'])).toBe('the counter is linearizable')
  })

  test('may be lost with the copies, and all that was told by then', () => {
    // More are lost than must be outlived.
    const lostAt =
      (at: number) =>
      (from: number, to: number): boolean =>
        from <= at && at <= to
    const answers = new Answers()
    for (const [index, total] of [1, 2, 1].entries()) {
      answers.asked(`m${index + 1}`, 'add', 'copied/x', 10 * index)
      answers.answered(`m${index + 1}`, total, 10 * index + 5)
    }
    const events = [{ uid: 'm3', epoch: 1 }]
    const check = (at: number): unknown => answers.check('copied/x', events, lostAt(at))?.checker
    expect(check(18)).toBeUndefined()
    expect(check(40)).toBe('what is acknowledged stays')
    answers.asked('m4', 'get', 'copied/x', 16)
    answers.answered('m4', 2, 17)
    expect(check(18)).toBeUndefined()
    answers.asked('m5', 'get', 'copied/x', 26)
    answers.answered('m5', 2, 27)
    expect(check(18)).toBe('the counter is linearizable')
  })

  test('must not be that nothing was written, where something was', () => {
    const answers = new Answers()
    answers.asked('m1', 'add', 'ledger/x', 0)
    answers.refused('m1')
    const found = answers.check('ledger/x', [{ uid: 'm1', epoch: 1 }])
    expect(found?.checker).toBe('what is acknowledged stays')
  })
})

describe('The journal', () => {
  /** What is found in events of these epochs, where epoch 7 claimed it behind the first. */
  function written(...epochs: readonly number[]): unknown {
    const fences = new Fences()
    fences.claimed('ledger/x', { epoch: 5, behind: 0, at: 1 })
    fences.claimed('ledger/x', { epoch: 7, behind: 1, at: 2 })
    const events = epochs.map((epoch, index) => ({ uid: `m${index + 1}`, epoch }))
    return fences.check('ledger/x', events)?.checker
  }

  test('holds what was written before somebody claimed it, and then by that one', () => {
    expect(written(5, 7, 7)).toBeUndefined()
    expect(written()).toBeUndefined()
  })

  test('must not take what a former owner writes after that', () => {
    expect(written(5, 5)).toBe('stale writers are refused')
    expect(written(5, 7, 5)).toBe('stale writers are refused')
  })

  test('need not refuse a former owner where nobody can know of the next one', () => {
    const fences = new Fences()
    fences.claimed('ledger/x', { epoch: 7, behind: 0, at: 3 })
    const check = (lostAt: number): unknown =>
      fences.check('ledger/x', [{ uid: 'm1', epoch: 5 }], ([claim]) => (claim?.at ?? 0) < lostAt)
        ?.checker
    expect(check(2)).toBe('stale writers are refused')
    expect(check(4)).toBeUndefined()
  })

  test('knows who is stale', () => {
    const fences = new Fences()
    fences.claimed('ledger/x', { epoch: 7, behind: 0, at: 1 })
    expect(fences.isStale('ledger/x', 5)).toBe(true)
    expect(fences.isStale('ledger/x', 7)).toBe(false)
    expect(fences.isStale('ledger/y', 5)).toBe(false)
  })
})

describe('Clients', () => {
  test('may be told of the past by whoever is the owner no more, where clocks are off', () => {
    const answers = new Answers()
    for (const [index, type] of (['add', 'get'] as const).entries()) {
      answers.asked(`m${index}`, type, 'ledger/x', 10 * index)
      answers.answered(`m${index}`, index === 0 ? 1 : 0, 10 * index + 5)
    }
    const events = [{ uid: 'm0', epoch: 1 }]
    expect(answers.check('ledger/x', events)?.checker).toBe('the counter is linearizable')
    answers.doubt('m1')
    expect(answers.check('ledger/x', events)).toBeUndefined()
  })
})
