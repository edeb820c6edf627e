import { describe, expect, test } from 'vitest'
import {
  crossDcDefaults,
  initialState,
  nextDeadline,
  step,
  type MembershipEffect,
  type MembershipInput,
  type MembershipSettings,
  type MembershipState,
  type Step,
} from '../src/index.ts'
import { CoreWorld, testSettings } from './core-world.ts'
import { cluster, nameOf, node, seenByAll, statuses } from './states.ts'

/** A member `a` of the data center x that looks at this state. */
function memberAt(text: string, settings: Partial<MembershipSettings> = {}): MembershipState {
  const self = node('a')
  const given = { ...testSettings, roles: ['dc-x'], dataCenter: 'x', ...settings }
  const state = initialState(self, given)
  const { viewer, monitoredBy, crossDcConnections } = state.cluster
  return {
    ...state,
    phase: { type: 'member' },
    cluster: cluster(text).with({ viewer, monitoredBy, crossDcConnections }),
  }
}

function at(now: number, state: MembershipState, input: MembershipInput, draw = 0.5): Step {
  return step(state, { now, wallNow: now, draw, ...input })
}

const deadline: MembershipInput = { type: 'deadline-reached' }

/** To whom gossip goes: `'b e'`. */
function targets(effects: readonly MembershipEffect[]): string {
  return effects
    .flatMap((effect) => (effect.type === 'send' ? [nameOf(effect.to)] : []))
    .toSorted()
    .join(' ')
}

/** With a round across due at 10, and none at home for long. */
function withOnlyAcrossDue(state: MembershipState): MembershipState {
  const crossPace = { nextAt: 10, delayMs: 1 }
  return { ...state, pace: { ...state.pace, nextAt: 1e9 }, crossPace }
}

/** The same state settled, so that it has its next rounds. */
function settled(state: MembershipState, now = 0): MembershipState {
  return at(now, state, deadline)[0]
}

const oneEnvoy = { crossDc: { ...crossDcDefaults, connections: 1 } }
const x = 'a.up^1:dc-x b.up^2:dc-x'
const twoCenters = `${x} e.up^1:dc-y f.up^2:dc-y`

describe('Rounds of gossip across', () => {
  test.each([
    [1, 1_000],
    [2, 1_333],
    [3, 2_000],
    [4, 4_000],
    [5, 5_000],
    [8, 5_000],
  ])('of an envoy of a data center of %i come every %i ms', (count, intervalMs) => {
    const others = ['b', 'c', 'd', 'g', 'h', 'i', 'j'].slice(0, count - 1)
    const home = others.map((name, index) => `${name}.up^${index + 2}:dc-x`).join(' ')
    const state = settled(memberAt(`a.up^1:dc-x ${home} e.up^1:dc-y`))
    const due = withOnlyAcrossDue(state)
    const [next, effects] = at(10, due, deadline)
    expect(targets(effects)).toBe('e')
    expect(next.crossPace.nextAt - 10).toBeCloseTo(intervalMs, -1)
    expect(nextDeadline(next)).toBeLessThanOrEqual(next.crossPace.nextAt)
  })

  test('go to one envoy of each other data center', () => {
    const state = memberAt(`${twoCenters} g.up^1:dc-z h.up^2:dc-z`)
    const due = withOnlyAcrossDue(state)
    const all = new Set<string>()
    for (let draw = 0; draw < 1; draw += 0.05) all.add(targets(at(10, due, deadline, draw)[1]))
    expect([...all].toSorted()).toEqual(['e g', 'e h', 'f g', 'f h'])
  })

  test('go to anybody over there where no envoy is reached, and to nobody found out of reach', () => {
    const settings = oneEnvoy
    const next = (text: string): string => {
      const state = memberAt(text, settings)
      const due = withOnlyAcrossDue(state)
      return targets(at(10, due, deadline)[1])
    }
    expect(next(twoCenters)).toBe('e')
    expect(next(`${twoCenters} | a✗e`)).toBe('f')
    expect(next(`${x} e.up^1:dc-y f.down^2:dc-y | a✗e`)).toBe('')
  })

  test('are only of envoys, and only where there are other data centers', () => {
    const settings = oneEnvoy
    const isEnvoy = (text: string): boolean =>
      Number.isFinite(settled(memberAt(text, settings)).crossPace.nextAt)
    expect(isEnvoy(twoCenters)).toBe(true)
    expect(isEnvoy('a.up^2:dc-x b.up^1:dc-x e.up^1:dc-y')).toBe(false)
    expect(isEnvoy(x)).toBe(false)
  })

  test('end where the other data centers do', () => {
    const state = settled(memberAt(`${x} e.down^1:dc-y`))
    expect(state.crossPace.nextAt).toBe(Number.POSITIVE_INFINITY)
    expect(statuses(state.cluster)).toBe('a.up b.up')
  })
})

describe('News for other data centers', () => {
  const quiet = settled(memberAt(twoCenters))
  const news: MembershipInput = { type: 'down-requested', nodes: [node('b')] }

  test('brings the next round forward: sooner or later within its spread, by the draw', () => {
    const delays = [0, 0.25, 0.5, 0.75].map(
      (draw) => at(100, quiet, news, draw)[0].crossPace.nextAt - 100,
    )
    for (const delay of delays) {
      expect(delay).toBeGreaterThanOrEqual(25)
      expect(delay).toBeLessThanOrEqual(2 * 75)
    }
    expect(new Set(delays).size).toBe(delays.length)
  })

  test('is told again at growing intervals until somebody there has seen it', () => {
    let state = at(100, quiet, news)[0]
    const delays: number[] = []
    for (let round = 0; round < 6; round++) {
      const now = state.crossPace.nextAt
      state = at(now, state, deadline)[0]
      delays.push(state.crossPace.delayMs)
    }
    expect(delays).toEqual([150, 300, 600, 1_200, 4_000 / 3, 4_000 / 3])
    const seen = state.cluster.markSeen([node('f').key])
    const told = at(state.crossPace.nextAt, { ...state, cluster: seen }, news)[0]
    expect(told.crossPace.delayMs).toBe(4_000 / 3)
  })

  test('is not hurried where nobody over there is in reach', () => {
    const cut = settled(memberAt(`${twoCenters} | a✗e a✗f`))
    expect(at(100, cut, news)[0].crossPace.nextAt).toBe(cut.crossPace.nextAt)
  })

  test('is not hurried where somebody over there has brought it', () => {
    const far = { ...quiet, cluster: quiet.cluster.updateStatus(node('f'), 'leaving', node('f')) }
    const seen = { ...far, cluster: far.cluster.markSeen([node('f').key]) }
    expect(at(100, { ...quiet }, deadline)[0].crossPace.nextAt).toBe(quiet.crossPace.nextAt)
    expect(at(100, seen, deadline)[0].crossPace.nextAt).toBe(quiet.crossPace.nextAt)
  })
})

describe('At home', () => {
  test('a view that all have seen is not gossiped in haste because others have not', () => {
    const told = settled({
      ...memberAt(twoCenters),
      cluster: seenByAll(memberAt(twoCenters).cluster, 'e', 'f'),
    })
    expect(at(1_000, told, deadline)[0].pace.delayMs).toBe(1_000)
    const untold = { ...told, cluster: seenByAll(told.cluster, 'b', 'e') }
    expect(at(1_000, untold, deadline)[0].pace.delayMs).toBeLessThan(1_000)
  })

  test('rounds go to members of the own data center alone', () => {
    const due = memberAt(`${twoCenters} c.up^3:dc-x`)
    const [, effects] = at(10, { ...due, pace: { nextAt: 10, delayMs: 1 } }, deadline)
    expect(targets(effects)).toBe('b c')
  })
})

describe('What an envoy says of members of other data centers', () => {
  const settings = oneEnvoy
  const accused = (state: MembershipState): readonly string[] =>
    state.cluster.reachability.unreachableFrom(node('a').key).map((key) => key.slice(0, 1))

  test('is kept while it watches them', () => {
    const state = memberAt(twoCenters, settings)
    const seen = at(10, state, { type: 'node-observed', subject: node('e'), status: 'unreachable' })
    expect(accused(seen[0])).toEqual(['e'])
  })

  test('is taken back when another one takes their place', () => {
    const state = memberAt(`${twoCenters} g.up^3:dc-y | a✗e a✗b`, settings)
    const cut = state.cluster
      .markUnreachable(node('e'), node('f'))
      .markUnreachable(node('e'), node('g'))
    expect(accused(settled({ ...state, cluster: cut }))).toEqual(['b'])
  })

  test('is taken back when it is no envoy any longer', () => {
    expect(accused(settled(memberAt(`${twoCenters} | a✗e`, settings)))).toEqual(['e'])
    const younger = `a.up^2:dc-x b.up^1:dc-x e.up^1:dc-y | a✗e`
    expect(accused(settled(memberAt(younger, settings)))).toEqual([])
  })

  test('stays where they are gone for good', () => {
    const state = memberAt(`a.up^2:dc-x b.up^1:dc-x e.up^1:dc-y | a†e`, settings)
    expect(accused(settled(state))).toEqual(['e'])
  })
})

describe('The last of a data center', () => {
  test('tells the others that it let itself go', () => {
    const world = new CoreWorld(1)
    world.start('a', { settings: { roles: ['dc-x'], dataCenter: 'x' } })
    world.start('b', { contacts: ['a'], settings: { roles: ['dc-y'], dataCenter: 'y' } })
    world.run(20_000, () => world.allUp(2) && world.agreed)
    world.input(world.node('b'), { type: 'leave-requested', node: world.node('b').state.self })
    world.run(500)
    expect(world.node('b').stopped).toBe('left')
    expect(world.node('a').statuses).toBe('a.up')
  })

  test('tells the others that it downed itself', () => {
    const world = new CoreWorld(1)
    world.start('a', { settings: { roles: ['dc-x'], dataCenter: 'x' } })
    world.start('b', { contacts: ['a'], settings: { roles: ['dc-y'], dataCenter: 'y' } })
    world.run(20_000, () => world.allUp(2) && world.agreed)
    world.input(world.node('b'), { type: 'down-requested', nodes: [world.node('b').state.self] })
    world.run(500)
    expect(world.node('b').stopped).toBe('downed')
    expect(world.node('a').statuses).toBe('a.up')
  })
})

describe('Members of another data center', () => {
  test.each([
    [`${x} e.down^1:dc-y f.down^2:dc-y`, 'a.up b.up'],
    [`${x} e.down^1:dc-y f.up^2:dc-y`, 'a.up b.up e.down f.up'], // It removes its own.
    [`${x} e.down^1:dc-y f.exiting^2:dc-y`, 'a.up b.up e.down f.exiting'],
    [`${x} e.down^1:dc-y f.exiting^2:dc-y | a✗f b✗f`, 'a.up b.up'],
    [`${x} e.joining:dc-y f.leaving^2:dc-y`, 'a.up b.up e.joining f.leaving'],
    [`a.up^2:dc-x b.up^1:dc-x e.down^1:dc-y`, 'a.up b.up e.down'], // That is for the leader.
    [`${x} c.up^3:dc-x e.down^1:dc-y | a✗c b✗c`, 'a.up b.up c.up e.down'], // On convergence.
  ])('in [%s] come to [%s]', (text, expected) => {
    expect(statuses(settled(memberAt(text)).cluster)).toBe(expected)
  })
})
