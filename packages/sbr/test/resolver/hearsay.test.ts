import { downAll, keepMajority, keepOldest } from '@casty/sbr'
import { describe, expect, test } from 'vitest'
import { ResolverProbe } from './resolver-probe.ts'

describe('A node that reaches nobody of its data center, and hears that others there accuse it', () => {
  /** That b accuses a, and has seen the state, came round about. */
  const heard = { observations: 'a✗b a✗c b✗a', seen: 'a b', unreachable: 'b c' }

  test('takes all down with it where they are all that there is', () => {
    const probe = new ResolverProbe().see('a / b c', heard)
    expect(probe.pass(5_000).actions).toEqual(['down b c a (stable)'])
  })

  test('goes down alone where it can have heard so through another data center', () => {
    const probe = new ResolverProbe().see('a x@east / b c', heard)
    expect(probe.pass(5_000).actions).toEqual(['down a (stable)'])
    expect(probe.ruling?.reason).toMatch(/this side counts 1 member and the other side 2/)
  })

  test.each([
    ['goes by age', keepOldest(), 'a x@east / b c'],
    ['downs all in any case', downAll(), 'a x@east / b c'],
    ['finds it to be the larger side', keepMajority({ role: 'core' }), 'a[core] x@east / b c'],
  ])('takes them down where its strategy %s', (_case, strategy, text) => {
    const probe = new ResolverProbe({ strategy }).see(text, heard)
    expect(probe.pass(5_000).actions).toEqual(['down b c a (stable)'])
  })

  test('takes them down where it reaches one of them', () => {
    const probe = new ResolverProbe().see('a d x@east / b c', {
      observations: 'a✗b a✗c b✗a d✗b d✗c b✗d',
      seen: 'a b d',
      unreachable: 'b c',
    })
    expect(probe.pass(5_000).actions[0]).toMatch(/^down b c d a/)
  })
})
