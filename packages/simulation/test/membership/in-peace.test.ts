import { NodeAddress, type LaneReport } from '@casty/transport'
import { describe, expect, test } from 'vitest'
import { peaceStages } from '../../src/membership/in-peace.ts'
import { nothingHappens } from '../../src/membership/nothing-happens.ts'
import type { MembershipRun } from '../../src/index.ts'
import {
  associationWith,
  complaints,
  node,
  play,
  puppet,
  shows,
  stateOf,
  type Puppet,
  type Script,
} from './puppets.ts'

const together = 'a.up^1 b.up^2'

/** What is demanded in peace of two of whom one leaves, and then there is nobody left to miss anybody. */
async function peace(script: Script, minMembers = 1): Promise<readonly string[]> {
  const settings = { minMembers }
  const options = { hosts: 'a b', members: together, chaosMs: 5_000, settings }
  return complaints(await play(script, { ...options, heal: peaceStages }))
}

function everybody(what: (puppet: Puppet, host: string) => void): Script[number][1] {
  return (run: MembershipRun) => {
    for (const { host } of run.world.processes) what(puppet(run, host), host)
  }
}

test('a leave in peace must be carried through', async () => {
  const gaveUp = everybody((one) => (one.leaves = 'gave-up'))
  const [complaint] = await peace([[1_000, gaveUp]])
  expect(complaint).toMatch(/^a leave in peace is carried through: .* leaves: gave-up$/)
})

test('whoever left in peace must be a member no more', async () => {
  const [complaint] = await peace([])
  expect(complaint).toMatch(/^a leave in peace is carried through: .* leaves: left$/)
})

test('nobody leaves where all are needed, and a crash must be noticed', async () => {
  const [complaint] = await peace([], 2)
  expect(complaint).toMatch(/^a crash in peace is noticed at once: .* find .* reachable$/)
})

/** Each of two finds the other unreachable. */
const accuse = everybody((one, host) => {
  const other = host === 'a' ? 'b' : 'a'
  one.show(`${together} | ${host}✗${other}`)
})

test('it is well where a crash is noticed', async () => {
  // In the chaos, and until the other one dies in peace.
  const later: Script[number] = [
    1_000,
    (run) => void run.world.clock.schedule(16_500, () => accuse(run)),
  ]
  expect(await peace([later], 2)).toEqual([])
})

test('it is well where whoever crashed is a member no more', async () => {
  const removed = everybody((one, host) => one.show(`${host}.up^1`))
  const later: Script[number] = [
    1_000,
    (run) => void run.world.clock.schedule(16_500, () => removed(run)),
  ]
  expect(await peace([later], 2)).toEqual([])
})

test('accusations must be taken back', async () => {
  const [complaint] = await peace([[1_000, accuse]], 2)
  expect(complaint).toMatch(/^doubts and accusations pass: .* accuses /)
})

test('whoever doubts itself must be done with it first', async () => {
  const doubtful = stateOf(together).markDoubtful(node('a'), true)
  const [complaint] = await peace([[1_000, shows('a', doubtful)]], 2)
  expect(complaint).toMatch(/^doubts and accusations pass: .* doubts itself/)
})

describe('in peace nothing happens', () => {
  /** Only this stage, of two that show what a script has them show. */
  async function rest(script: Script): Promise<readonly string[]> {
    const heal = (run: MembershipRun): ReturnType<typeof peaceStages> => [nothingHappens(run)]
    return complaints(await play(script, { hosts: 'a b', members: together, chaosMs: 5_000, heal }))
  }

  test('it is well where views stay what they are', async () => {
    expect(await rest([])).toEqual([])
    expect(await rest([[1_000, accuse]])).toEqual([])
  })

  test('nobody must go on to change its view', async () => {
    const changesLater: Script[number] = [
      1_000,
      (run) => {
        run.world.clock.schedule(6_000, () => shows('b', `${together} | a✗b`)(run))
      },
    ]
    const [complaint] = await rest([changesLater])
    expect(complaint).toMatch(/^nothing happens in peace: b had version .*, and has /)
  })

  test('nobody must go on to send', async () => {
    const sends: Script[number] = [1_000, (run) => void chatter(run, 50_000)]
    expect(await rest([sends])).toEqual([
      'nothing happens in peace: each node sends 25000 bytes a second',
    ])
    expect(await rest([[1_000, (run) => void chatter(run, 2_000)]])).toEqual([])
  })

  test.each<readonly [string, Partial<LaneReport>]>([
    ['the control lane to b:1#1 is dialling', { state: 'dialling' }],
    ['3 frames wait for b:1#1', { queuedFrames: 3 }],
  ])('no connection must be left undone: %s', async (what, control) => {
    const leaves: Script[number] = [
      1_000,
      (run) => (puppet(run, 'a').associations = [associationWith('b:1#1', control)]),
    ]
    expect(await rest([leaves])).toEqual([`nothing happens in peace: a: ${what}`])
  })

  test('no handshake must be pending', async () => {
    const leaves: Script[number] = [1_000, (run) => (puppet(run, 'b').handshakes = 1)]
    expect(await rest([leaves])).toEqual(['nothing happens in peace: b: 1 handshakes are pending'])
  })
})

/** From `a` to `b`, in ten writes a second, over a channel of their own. */
async function chatter({ world }: MembershipRun, bytesPerSecond: number): Promise<void> {
  const sink = { received() {}, drained() {}, closed() {} }
  const [from, to] = ['a', 'b'].map((host) => world.network.transport({ host }))
  await to?.listen(NodeAddress.of('b', 2), (channel) => channel.open(sink))
  const channel = await from?.dial(NodeAddress.of('b', 2))
  channel?.open(sink)
  const say = (): void => {
    channel?.write(new Uint8Array(bytesPerSecond / 10))
    world.clock.schedule(100, say)
  }
  say()
}
