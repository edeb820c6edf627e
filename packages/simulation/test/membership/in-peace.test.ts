import { expect, test } from 'vitest'
import { peaceStages } from '../../src/membership/in-peace.ts'
import type { MembershipRun } from '../../src/index.ts'
import {
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

test('it is well where a crash is noticed', async () => {
  const found = everybody((one, host) => {
    const other = host === 'a' ? 'b' : 'a'
    one.show(`${together} | ${host}✗${other}`)
  })
  expect(await peace([[1_000, found]], 2)).toEqual([])
})

test('whoever doubts itself must be done with it first', async () => {
  const doubtful = stateOf(together).markDoubtful(node('a'), true)
  const [complaint] = await peace([[1_000, shows('a', doubtful)]], 2)
  expect(complaint).toMatch(/^nobody doubts itself for long: /)
})
