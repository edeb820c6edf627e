import { ClusterState, Member, NodeAddress, NodeIdentity } from '@casty/membership'
import { describe, expect, test } from 'vitest'
import { Losses } from '../../src/structures/losses.ts'
import type { StructuresProcess, StructuresRun } from '../../src/structures/structures-run.ts'

const nodeOf = (host: string): NodeIdentity => NodeIdentity.of(NodeAddress.of(host, 1), 1)

/** `a.up b.joining` */
function stateOf(text: string): ClusterState {
  const members = text.split(' ').map((one) => {
    const [host = '', status] = one.split('.')
    return Member.of({ node: nodeOf(host), status: status === 'up' ? 'up' : 'joining', roles: [] })
  })
  return ClusterState.empty.with({ clusterId: 'test' }).mergeMembers(members, nodeOf('a'))
}

/** What happens, as `5 a sees a.up` or `7 a ends`, times in seconds, to structures that are used from `usedFromS` on. */
function areTooMany(usedFromS: number, happenings: readonly string[]): boolean {
  const world = { now: 0 }
  const plan = {
    actions: [
      { at: 0, type: 'start' },
      { at: usedFromS * 1_000, type: 'use' },
    ],
  }
  const losses = new Losses({ world, plan } as unknown as StructuresRun) // All that it needs of a run.
  const processes = new Map<string, StructuresProcess>()
  const states = new Map<string, ClusterState>()
  for (const happening of happenings) {
    const [, atS = '', host = '', how, what = ''] =
      /^(\d+) (\w) (sees|ends) ?(.*)$/.exec(happening) ?? []
    world.now = Number(atS) * 1_000
    const program = { cluster: { self: nodeOf(host) } }
    const process = processes.get(host) ?? ({ host, program } as unknown as StructuresProcess)
    processes.set(host, process)
    if (how === 'ends') losses.ended(process)
    else {
      const state = stateOf(what)
      losses.seen(process, state, states.get(host))
      states.set(host, state)
    }
  }
  return losses.areTooMany
}

describe('so many copies are lost at once that what is shared need not be there', () => {
  test.each([
    ['where two nodes are', ['30 a ends', '40 b ends']],
    ['where a node ends that is alone', ['9 a sees a.up b.up', '30 a sees a.up', '90 a ends']],
    [
      'where one ends soon after it was alone',
      ['5 a sees a.up', '30 a sees a.up b.up', '49 a ends'],
    ],
    ['where one ends that nobody has joined yet', ['0 a sees a.up', '12 a ends']],
  ])('%s', (_, happenings) => {
    expect(areTooMany(10, happenings)).toBe(true)
  })
})

describe('not too many copies are lost', () => {
  test.each([
    ['where one node is after the other', ['30 a ends', '60 b ends']],
    [
      'by having been alone before anything was used',
      ['0 a sees a.up', '2 a sees a.up b.up', '12 b ends'],
    ],
    [
      'by somebody who joins, and knows of nobody yet',
      ['30 b ends', '35 b sees b.joining', '36 b sees a.joining b.joining'],
    ],
    ['by having been alone long ago', ['5 a sees a.up', '30 a sees a.up b.up', '51 a ends']],
  ])('%s', (_, happenings) => {
    expect(areTooMany(10, happenings)).toBe(false)
  })
})
