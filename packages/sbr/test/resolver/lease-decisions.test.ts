import { describe, expect, test } from 'vitest'
import { leaseMajority, type Lease } from '@casty/sbr'
import { ResolverProbe, type ProbeOptions } from './resolver-probe.ts'

/** The core asks for it by actions, and never itself. */
const lease: Lease = {
  name: 'decisions',
  owner: 'a',
  fence: undefined,
  acquire: () => Promise.reject(new Error('not by the core')),
  release: () => Promise.reject(new Error('not by the core')),
  checkLease: () => false,
}
const strategy = leaseMajority({ lease, releaseAfterMs: 40_000 })

function probe(options: ProbeOptions = {}): ResolverProbe {
  return new ResolverProbe({ strategy, ...options })
}

describe('Where a lease decides', () => {
  test('a majority asks at once, and goes on when it is granted', () => {
    const side = probe().see('a b c / d e').pass(5_000)
    expect(side.actions).toEqual(['acquire-lease within 4000 ms'])
    expect(side.answerLease(true).actions).toEqual(['down d e (lease-granted)'])
  })

  test('a minority asks later, so that the other side may', () => {
    const side = probe().see('a b / c d e').pass(6_999)
    expect(side.actions).toEqual([])
    expect(side.pass(1).actions).toEqual(['acquire-lease within 2000 ms'])
    expect(side.answerLease(true).actions).toEqual(['down c d e (lease-granted)'])
  })

  test('a side that may be the minority asks as late as one', () => {
    const side = probe().see('a b c d / e', { seen: 'a b' }).pass(6_999)
    expect(side.actions).toEqual([])
    expect(side.pass(1).actions).toEqual(['acquire-lease within 2000 ms'])
  })

  test.each([true, false])(
    'a side to which it is denied goes down, majority (%s) or not',
    (most) => {
      const side = probe()
        .see(most ? 'a b c / d e' : 'a b / c d e')
        .pass(7_000)
      const mine = most ? 'b c a' : 'b a'
      side.answerLease(false)
      expect(side.actions.slice(1)).toEqual([`down ${mine} (lease-denied)`])
    },
  )

  test('a side that gets no answer goes down, and what comes later is given back', () => {
    const side = probe().see('a b c / d e').pass(8_999)
    expect(side.actions).toHaveLength(1)
    expect(side.pass(1).actions).toEqual(['release-lease', 'down b c a (lease-denied)'])
    expect(side.answerLease(true).actions).toEqual([])
  })

  test('a grant that is lost again before it is acted on is none', () => {
    const side = probe().see('a b c / d e').pass(5_000).answerLease(true)
    expect(side.actions).toHaveLength(2)
    const other = probe().see('a b c / d e').pass(5_000)
    other.answerLease(true, 0) // An answer to a request of some other time.
    expect(other.actions).toHaveLength(1)
  })

  test('is asked for by the one who is to decide alone', () => {
    expect(probe({ isResponsible: false }).see('a b c / d e').pass(8_000).actions).toEqual([])
  })

  test('a side that its leader leaves undecided goes down, but gives the lease its time', () => {
    const side = probe({ isResponsible: false }).see('a b / c d e').pass(12_999)
    expect(side.actions).toEqual([])
    expect(side.pass(1).actions).toEqual(['down b a (overdue)'])
  })
})

describe('A decision that waits for the lease', () => {
  test('is dropped when the picture changes, and made anew', () => {
    const side = probe().see('a b / c d e').pass(6_000).see('a b c / d e')
    expect(side.pass(4_999).actions).toEqual([])
    expect(side.pass(1).actions).toEqual(['acquire-lease within 4000 ms'])
  })

  test('is given up when the picture changes while an answer is awaited', () => {
    const side = probe().see('a b c / d e').pass(5_000).see('a b / c d e')
    expect(side.actions).toEqual(['acquire-lease within 4000 ms', 'release-lease'])
    expect(side.answerLease(true, 1).actions).toEqual([])
  })

  test('is given up when another leads', () => {
    const side = probe().see('a b c / d e').pass(5_000)
    side.see('a b c / d e', { isResponsible: false })
    expect(side.actions).toEqual(['acquire-lease within 4000 ms', 'release-lease'])
  })

  test('is given up by a node that stood still meanwhile', () => {
    const side = probe().see('a b c / d e').pass(5_000).standStill(60_000)
    expect(side.actions).toEqual(['acquire-lease within 4000 ms', 'release-lease'])
  })

  test('is not waited for by a node that stood still, and has heard of nobody since', () => {
    const side = probe().see('a b c').see('a b c', { hasStalled: true, seen: 'a' })
    expect(side.pass(5_999).actions).toEqual([])
    expect(side.pass(1).actions).toEqual(['down a (unheard)'])
  })

  test('is waited for where one who stood still hears of others, who may get it', () => {
    const side = probe().see('a b c d').see('a b c d', { hasStalled: true, seen: 'a b c' })
    expect(side.pass(13_999).actions).toEqual([])
    expect(side.pass(1).actions).toEqual(['down b c a (unheard)'])
  })

  test('is not given up by one that holds it, of whomever nothing is heard', () => {
    const side = probe()
    side.isLeaseHeld = true
    side.see('a b c').see('a b c', { hasStalled: true, seen: 'a' })
    expect(side.pass(20_000).actions).toEqual([])
  })

  test('counts those who joined meanwhile', () => {
    const side = probe().see('a b c / d e').pass(5_000).see('a b c / d e f.joining')
    side.pass(0)
    expect(side.answerLease(true).actions.at(-1)).toMatch(/^down d e \(|^release/)
  })
})

describe('The lease', () => {
  function granted(): ResolverProbe {
    const side = probe().see('a b c / d e').pass(5_000).answerLease(true)
    expect(side.actions).toHaveLength(2)
    return side
  }

  test('is kept while those are members whom it cost their place, and for a while after', () => {
    const side = granted().see('a b c / d.down e.down').pass(60_000).see('a b c')
    expect(side.pass(39_999).actions).toEqual([])
    expect(side.pass(1).actions).toEqual(['release-lease'])
  })

  test('decides at once what comes while it is held', () => {
    const side = granted().see('a b c / d.down e.down').see('a b / c')
    expect(side.pass(5_000).actions).toEqual(['down c (lease-granted)'])
  })

  test('that was lost is asked for anew', () => {
    const side = granted().see('a b c / d.down e.down')
    side.isLeaseHeld = false
    expect(side.see('a b / c').pass(5_000).actions).toEqual(['acquire-lease within 4000 ms'])
    expect(side.answerLease(false).actions).toEqual(['down b a (lease-denied)'])
  })

  test('that an earlier life of the node left is given back in time', () => {
    const side = probe()
    side.isLeaseHeld = true
    expect(side.see('a b c').pass(39_999).actions).toEqual([])
    expect(side.pass(1).actions).toEqual(['release-lease'])
  })
})
