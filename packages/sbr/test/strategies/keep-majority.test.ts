import { keepMajority, rule } from '@casty/sbr'
import { describe, expect, test } from 'vitest'
import { downed, view } from './views.ts'

describe('keep-majority', () => {
  test.each([
    ['the side with more members survives', 'a b c / d e', 'd e'],
    ['the side with fewer goes down, itself last', 'd e / a b c', 'e d'],
    ['of two halves the one with the lowest address survives', 'a d / b c', 'b c'],
    ['of two halves the one without the lowest address goes down', 'b c / a d', 'c b'],
    ['ports are compared as numbers', 'a:9 / a:10', 'a:10'],
    ['nobody survives where no part has a majority', 'a b / c d e', 'b a'],
    [
      'members that are joining or weakly up do not count',
      'a.joining b.weakly-up c / d e',
      'b c a',
    ],
    ['members that are joining are downed with their side', 'a b c / d e.joining', 'd e'],
    ['members that are leaving count', 'a b.leaving c / d', 'd'],
    [
      'members that are exiting or down neither count nor are downed',
      'a b / c d.exiting e.down',
      'c',
    ],
    ['an address that is not up yet decides no tie', 'a.joining c / b', 'c a'],
  ])('%s: %s', (_, partition, expected) => {
    expect(downed(rule(keepMajority(), view(partition)))).toBe(expected)
  })

  test.each([
    ['joining there may have made a majority', 'd e f / a b c.joining', 'a b c e f d'],
    ['leaving here may have lost one', 'b c.leaving d / a e', 'a c d e b'],
  ])('all go down where members %s: %s', (_, partition, expected) => {
    expect(downed(rule(keepMajority(), view(partition)))).toBe(expected)
  })

  test('counts members of a role only, and downs whoever is on the losing side', () => {
    const split = view('a[db] b / c d e[web]')
    expect(downed(rule(keepMajority({ role: 'db' }), split))).toBe('c d e')
  })

  test('downs all where nobody has the role', () => {
    expect(downed(rule(keepMajority({ role: 'db' }), view('a b / c')))).toBe('b c a')
  })

  test('says who was counted where', () => {
    expect(rule(keepMajority(), view('a b c / d e'))).toMatchObject({
      strategy: 'keep-majority',
      decision: { type: 'down-unreachable' },
      reason:
        'keep-majority: this side survives and downs the other, because ' +
        'this side counts 3 members and the other side 2.',
      passes: [
        { here: 3, there: 2 },
        { here: 3, there: 2 },
      ],
    })
  })

  test('says who decided a tie', () => {
    expect(rule(keepMajority(), view('b c / a d')).reason).toBe(
      'keep-majority: this side goes down, because this side counts 2 members and the other side 2, ' +
        'and the lowest address a:1 is on the other side.',
    )
  })

  test('says what the second count came to', () => {
    expect(rule(keepMajority(), view('b c.leaving d / a e')).reason).toBe(
      'keep-majority: all members go down, because this side counts 3 members and the other side 2; ' +
        'but members that are joining or leaving may have changed on one side only, and counted ' +
        'against this side, this side counts 2 members and the other side 2, and the lowest address ' +
        'a:1 is on the other side.',
    )
  })
})
