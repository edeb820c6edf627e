import { describe, expect, test } from 'vitest'
import { downAll, keepOldest, noDowning, type DowningStrategy } from '@casty/sbr'
import { ResolverProbe } from './resolver-probe.ts'

describe('The window', () => {
  test('has to pass without a change before anybody is downed', () => {
    const probe = new ResolverProbe().see('a b c').see('a b / c')
    expect(probe.pass(4_999).actions).toEqual([])
    expect(probe.pass(1).actions).toEqual(['down c (stable)'])
  })

  test.each([
    ['somebody else is out of reach', 'a b c / d e'],
    ['somebody is in reach again', 'a b c d e'],
    ['a joiner came up', 'a b c d.up / e'],
    ['somebody who was up is exiting', 'a b c.exiting d.joining / e'],
    ['somebody was downed', 'a b c.down d.joining / e'],
    ['somebody is gone who had neither left nor been downed', 'a b d.joining / e'],
    ['somebody is there who had not been seen before, and is up', 'a b c d.joining f / e'],
  ])('begins anew when %s', (_, next) => {
    const probe = new ResolverProbe().see('a b c d.joining / e').pass(4_000).see(next)
    expect(probe.pass(4_999).actions).toEqual([])
  })

  test.each([
    ['somebody joins', 'a b c d.joining x.joining / e'],
    ['a joiner is weakly up', 'a b c d.weakly-up / e'],
    ['somebody is leaving', 'a b c.leaving d.joining / e'],
    ['nothing but who has seen it changes', 'a b c d.joining / e'],
  ])('goes on when %s', (_, next) => {
    const probe = new ResolverProbe().see('a b c d.joining / e').pass(4_000).see(next)
    expect(probe.pass(1_000).actions).toHaveLength(1)
  })

  test.each(['down', 'exiting'])('goes on when one who was %s is removed', (status) => {
    const probe = new ResolverProbe().see(`a b c x.${status} / e`).pass(4_000).see('a b c / e')
    expect(probe.pass(1_000).actions).toEqual(['down e (stable)'])
  })

  test('is inherited by a new leader', () => {
    const probe = new ResolverProbe({ isResponsible: false }).see('a b / c').pass(5_000)
    expect(probe.see('a b / c', { isResponsible: true }).actions).toEqual(['down c (stable)'])
  })

  test('begins anew after something was decided', () => {
    const probe = new ResolverProbe().see('a b c / e').pass(5_000)
    expect(probe.actions).toEqual(['down e (stable)'])
    expect(probe.pass(4_999).actions).toEqual([]) // Had it no effect, it would be decided again.
    expect(probe.pass(1).actions).toEqual(['down e (stable)'])
  })

  test('is no concern of what happens in another data center', () => {
    const probe = new ResolverProbe().see('a b / c').pass(4_000).see('a b z@west / c y@west')
    expect(probe.pass(1_000).actions).toEqual(['down c (stable)'])
  })
})

describe('Nobody is downed', () => {
  test.each([
    ['by a node that is not the one to decide', 'a b / c', { isResponsible: false }],
    ['where everybody is in reach', 'a b c', {}],
    ['who was downed already', 'a b / c.down', {}],
    ['who is exiting already', 'a b / c.exiting', {}],
    ['for being out of reach in another data center', 'a b / c@west', {}],
  ])('%s', (_, text, sight) => {
    expect(new ResolverProbe().see(text, sight).pass(60_000).actions).toEqual([])
  })

  test('when the partition heals inside the window', () => {
    const probe = new ResolverProbe().see('a b / c d e').pass(4_900).see('a b c d e')
    expect(probe.pass(60_000).actions).toEqual([])
  })

  test('by a strategy that leaves it to people, however long it takes', () => {
    const probe = new ResolverProbe({ strategy: noDowning() }).see('a b / c d e')
    for (let change = 0; change < 20; change++) {
      probe.pass(1_000).see('a b c / d e').pass(1_000).see('a b / c d e')
    }
    expect(probe.pass(60_000).actions).toEqual([])
    expect(probe.ruling?.decision.type).toBe('stay')
  })
})

describe('A node that stood still', () => {
  test('decides nothing on what it saw before', () => {
    const probe = new ResolverProbe().see('a b c / d e').pass(4_000).standStill(60_000)
    expect(probe.actions).toEqual([])
    expect(probe.pass(4_999).actions).toEqual([])
    expect(probe.pass(1).actions).toEqual(['down d e (stable)'])
  })

  test('does not hold the silence of others against them', () => {
    const seen = 'a'
    const probe = new ResolverProbe().see('a b c d e', { suspected: 'b', seen }).standStill(60_000)
    expect(probe.actions).toEqual([])
  })

  test('as when its machine slept, which no timer shows, watches anew', () => {
    const probe = new ResolverProbe().see('a b c / d e').pass(4_990)
    probe.see('a b c / d e', { hasStalled: true })
    expect(probe.pass(4_999).actions).toEqual([])
  })

  test('and hears of too few when it wakes was given up meanwhile, and stops', () => {
    const probe = new ResolverProbe({ isResponsible: false }).see('a b c d e').pass(3_600_000)
    probe.see('a b c d e', { hasStalled: true, seen: 'a b' })
    expect(probe.pass(5_999).actions).toEqual([])
    expect(probe.pass(1).actions).toEqual(['down b a (unheard)'])
  })

  test('and tells so is to be heard of, also where that comes a little later', () => {
    const probe = new ResolverProbe().see('a b c').see('a b c', { hasStalled: true })
    probe.pass(900).see('a b c', { seen: 'a', isDoubtful: true })
    expect(probe.pass(6_000).actions).toEqual(['down a (unheard)'])
  })

  test('and is heard of by all when it wakes goes on', () => {
    const probe = new ResolverProbe().see('a b c').see('a b c', { hasStalled: true, seen: 'a' })
    probe.pass(700).hear('b').pass(700).hear('c')
    expect(probe.pass(3_600_000).actions).toEqual([])
    expect(probe.see('a b c', { seen: 'a' }).pass(3_600_000).actions).toEqual([]) // It is over.
  })

  test('for a moment waits for another window before its side goes on', () => {
    const probe = new ResolverProbe().see('a b c / d e').pass(4_990).standStill(600)
    expect(probe.pass(4_999).actions).toEqual([])
    expect(probe.pass(1).actions).toEqual(['down d e (stable)'])
  })

  test.each([
    ['a b / c d e', {}, 'down b a (unheard)'],
    ['a b c d e', { suspected: 'b', seen: 'a' }, 'down a (unheard)'],
  ] as const)(
    'for a moment, again and again, stops with a lost side (%s)',
    (text, sight, stops) => {
      const probe = new ResolverProbe({ isResponsible: false }).see(text, sight)
      for (let turn = 0; turn < 10; turn++) probe.standStill(probe.state.wakeAt - probe.now + 600)
      expect(probe.actions[0]).toBe(stops)
    },
  )

  test('a little, decides all the same', () => {
    const probe = new ResolverProbe().see('a b c / d e').pass(4_990).standStill(300)
    expect(probe.actions).toEqual(['down d e (stable)'])
  })
})

describe('A node that distrusts itself', () => {
  const doubtful = { isDoubtful: true }

  test('waits for another window, and for longer while it does', () => {
    const probe = new ResolverProbe().see('a b / c').pass(4_000).see('a b / c', doubtful)
    expect(probe.pass(8_999).actions).toEqual([])
    expect(probe.pass(1).actions).toEqual(['down c (stable)'])
  })

  test('decides when it has come to itself, and the picture is quiet', () => {
    const probe = new ResolverProbe().see('a b / c').pass(4_000).see('a b / c', doubtful)
    expect(probe.pass(3_000).see('a b / c').pass(1_999).actions).toEqual([])
    expect(probe.pass(1).actions).toEqual(['down c (stable)'])
  })

  test('stops no later for it where its side is lost', () => {
    const probe = new ResolverProbe().see('a b / c d e').pass(4_000).see('a b / c d e', doubtful)
    expect(probe.pass(1_999).actions).toEqual([])
    expect(probe.pass(1).actions).toEqual(['down b a (unheard)'])
  })
})

describe('Where members come and go', () => {
  /** Every second somebody comes or goes, so that no window passes. */
  function flap(probe: ResolverProbe, seconds: number): ResolverProbe {
    for (let second = 0; second < seconds; second++) {
      probe.see(second % 2 === 0 ? 'a b c / d e' : 'a b c d / e').pass(1_000)
    }
    return probe
  }

  test('for longer than the window and a while, all nodes go down', () => {
    const probe = flap(new ResolverProbe(), 9)
    expect(probe.actions).toEqual(['down b c d e a (unstable)'])
    expect(probe.ruling?.reason).toBe(
      'keep-majority: all members go down, because some have come and gone for 9000 ms and no ' +
        'picture lasted long enough to decide on.',
    )
  })

  test('every node decides that, not only the one that leads', () => {
    expect(flap(new ResolverProbe({ isResponsible: false }), 9).actions).toEqual([
      'down b c d e a (unstable)',
    ])
  })

  test('the time is counted from the first change', () => {
    expect(flap(new ResolverProbe(), 8).actions).toEqual([])
  })

  test('it is counted anew once all are in reach', () => {
    const probe = flap(new ResolverProbe(), 8).see('a b c d e')
    expect(flap(probe, 8).actions).toEqual([])
  })

  test('it is counted anew once somebody was downed', () => {
    const probe = flap(new ResolverProbe(), 8).see('a b c x.down / d e')
    expect(flap(probe, 8).actions).toEqual([])
  })

  test('nobody is downed for it where that is turned off', () => {
    expect(flap(new ResolverProbe({ unstableAfterMs: 'off' }), 60).actions).toEqual([])
  })

  test('only because an accuser distrusts itself, nobody is downed for it', () => {
    const probe = new ResolverProbe()
    for (let second = 0; second < 20; second++) {
      if (second % 2 === 0) probe.see('a b c / d e').pass(1_000)
      else probe.see('a b c d / e', { suspected: 'd' }).pass(1_000)
    }
    expect(probe.actions).toEqual([])
  })
})

describe('Where one after the other is lost, and nobody comes back', () => {
  const losses = ['a b c d / e', 'a b c / d e', 'a b / c d e']

  test('the majority waits until it is quiet, and goes on', () => {
    const probe = new ResolverProbe()
    for (const text of ['a b c d e f / g', 'a b c d e / f g', 'a b c d / e f g']) {
      probe.see(text).pass(4_000)
    }
    expect(probe.actions).toEqual([])
    expect(probe.pass(1_000).actions).toEqual(['down e f g (stable)'])
  })

  test.each([true, false])('the minority stops in time, who leads it (%s) or not', (leads) => {
    const probe = new ResolverProbe({ isResponsible: leads })
    for (const text of losses) probe.see(text).pass(3_000)
    expect(probe.actions.slice(0, 1)).toEqual(['down b a (unheard)'])
  })
})

test('Where one after the other comes back, the rest is decided on when that has ended', () => {
  const probe = new ResolverProbe()
  for (const text of ['a b c d / e f g', 'a b c d e / f g', 'a b c d e f / g']) {
    probe.see(text).pass(4_000)
  }
  expect(probe.actions).toEqual([])
  expect(probe.pass(1_000).actions).toEqual(['down g (stable)'])
})

describe('Where it is quiet, and the leader does not decide', () => {
  test('the losing side goes down by itself', () => {
    const probe = new ResolverProbe({ isResponsible: false }).see('a b / c d e')
    expect(probe.pass(5_999).actions).toEqual([])
    expect(probe.pass(1).actions).toEqual(['down b a (unheard)'])
  })

  test('it goes down also where it hears of those whom it has lost', () => {
    const probe = new ResolverProbe({ isResponsible: false, strategy: downAll() })
    probe.see('a b / c', { seen: 'a b c' })
    expect(probe.pass(8_999).actions).toEqual([])
    expect(probe.pass(1).actions).toEqual(['down b c a (overdue)'])
  })

  test('a joiner that is alone on its side goes down by itself', () => {
    const probe = new ResolverProbe({ isResponsible: false }).see('a.joining / b c')
    expect(probe.pass(6_000).actions).toEqual(['down a (unheard)'])
  })

  test('all go down where all are to: one left out would take itself for the last', () => {
    const probe = new ResolverProbe({ strategy: downAll(), isResponsible: false })
    expect(probe.see('a b / c').pass(6_000).actions).toEqual(['down b c a (unheard)'])
  })

  test('the other side waits for it', () => {
    const probe = new ResolverProbe({ isResponsible: false }).see('a b c / d e')
    expect(probe.pass(60_000).actions).toEqual([])
  })
})

describe('A side that may have lost more than it knows', () => {
  const seen = 'a b'

  test('goes down without those of whom nothing is heard, who may go on elsewhere', () => {
    const probe = new ResolverProbe().see('a b c / d e f g', { seen })
    expect(probe.pass(5_000).actions).toEqual(['down b a (stable)'])
  })

  test('does not go on before those whom it counts have been heard of', () => {
    const probe = new ResolverProbe().see('a b c d / e', { seen }).pass(5_900)
    expect(probe.actions).toEqual([])
    expect(probe.hear('c').actions).toEqual(['down e (stable)'])
  })

  test('goes on without waiting for more than it needs', () => {
    const probe = new ResolverProbe().see('a b c d / e', { seen: 'a b c' })
    expect(probe.pass(5_000).actions).toEqual(['down e (stable)'])
  })

  test('stops when it has heard of too few for too long', () => {
    const probe = new ResolverProbe().see('a b c d / e', { seen }).pass(5_999)
    expect(probe.actions).toEqual([])
    expect(probe.pass(1).actions).toEqual(['down b a (unheard)'])
    expect(probe.ruling?.reason).toBe(
      'keep-majority: this side goes down, because this side counts 2 members and the other side 3. ' +
        'Taken for unreachable: 2 members of whom nothing is heard.',
    )
  })

  test('stops no later for it when those of whom nothing is heard are found unreachable at last', () => {
    const probe = new ResolverProbe().see('a b c d e', { suspected: 'c d e', seen })
    probe.pass(5_500).see('a b / c d e', { seen })
    expect(probe.pass(999).actions).toEqual([])
    expect(probe.pass(1).actions).toEqual(['down b a (unheard)'])
  })

  test('stops although too few are there to find anybody unreachable', () => {
    const probe = new ResolverProbe().see('a b c d e', { suspected: 'b', seen: 'a' })
    expect(probe.pass(5_999).actions).toEqual([])
    expect(probe.pass(1).actions).toEqual(['down a (unheard)'])
  })

  test('goes on with one bad link, over which others pass the news', () => {
    const suspected = 'b'
    const probe = new ResolverProbe().see('a b c d e', { suspected, seen: 'a' })
    probe.pass(300).hear('b', 'c').pass(300).hear('d', 'e')
    expect(probe.pass(3_600_000).actions).toEqual([])
  })

  test('takes nobody for lost who was heard of, when there is news that he has not seen yet', () => {
    const suspected = 'b'
    const probe = new ResolverProbe().see('a b c d e', { suspected }).hear('b', 'c', 'd', 'e')
    probe.pass(3_600_000).see('a b c d e f.joining', { suspected, seen: 'a' })
    expect(probe.pass(1_500).actions).toEqual([])
  })

  test('is not judged while there is so much news that nobody can have seen it all', () => {
    const probe = new ResolverProbe()
    for (let tenth = 0; tenth < 300; tenth++) {
      probe.see('a b c d e', { suspected: 'b', seen: 'a' }).pass(100)
    }
    expect(probe.actions).toEqual([])
    expect(probe.pass(1_000).actions).toEqual(['down a (unheard)'])
  })
})

describe('Members whose downing not all have seen who were there', () => {
  test('count as they did, when those are lost as well', () => {
    const probe = new ResolverProbe().see('a d / b c').pass(5_000)
    expect(probe.actions).toEqual(['down b c (stable)']) // By the lowest address.
    probe.see('a d / b.down c.down', { seen: 'a' }).pass(2_000)
    probe.see('a / b.down c.down d', { seen: 'a' }).pass(5_000)
    expect(probe.actions[0]).toBe('down a (unheard)')
    expect(probe.ruling?.reason).toContain(
      'Counted still: 2 members whose downing some have not seen.',
    )
  })

  test('count no more, when all of those had seen it', () => {
    const probe = new ResolverProbe().see('a d / b c').pass(5_000)
    expect(probe.actions).toHaveLength(1)
    probe.see('a d / b.down c.down', { seen: 'a' }).pass(300).hear('d').pass(2_000)
    probe.see('a / b.down c.down d', { seen: 'a' }).pass(5_000)
    expect(probe.actions).toEqual(['down d (stable)'])
  })
})

describe('A decision', () => {
  test('is asked of the strategy with those who have seen the picture, though there was other news', () => {
    const asked: string[] = []
    const strategy: DowningStrategy = {
      name: 'curious',
      agreement: 'curious',
      decide({ seenBy }) {
        asked.push([...seenBy].map((key) => key.slice(0, 1)).join(' '))
        return { type: 'stay' }
      },
    }
    const probe = new ResolverProbe({ strategy }).see('a b c / d').pass(4_000)
    probe.see('a b c x.joining / d', { seen: 'a' }).pass(1_000)
    expect(asked).toEqual(['a b c x', 'a b c x']) // As it looks, and with doubt.
  })

  test('that the side of the oldest goes on waits for the oldest to be heard of', () => {
    const probe = new ResolverProbe({ strategy: keepOldest() })
    probe.see('b#2 c#3 a#1 / d#4', { seen: 'b c' }).pass(5_900)
    expect(probe.actions).toEqual([])
    expect(probe.hear('a').actions).toEqual(['down d (stable)'])
  })

  test('of a strategy that throws is to down all', () => {
    const strategy: DowningStrategy = {
      name: 'broken',
      agreement: 'broken',
      decide() {
        throw new Error('it is broken')
      },
    }
    expect(new ResolverProbe({ strategy }).see('a b / c').pass(5_000).actions).toEqual([
      'down b c a (stable)',
    ])
  })
})
