import { NodeIdentity, type NodeKey } from '@casty/transport'
import { expect, test } from 'vitest'
import { isMajority, type Electorate } from '@casty/sharding'
import { grown } from './scenarios.ts'
import { World, type WorldNode } from './world.ts'

const nodes = ['a', 'b', 'c', 'd', 'e'].map((name) => NodeIdentity.parse(`${name}:1#1`))

function subsets<T>(items: readonly T[]): readonly (readonly T[])[] {
  return items.reduce<readonly (readonly T[])[]>(
    (sets, item) => [...sets, ...sets.map((set) => [...set, item])],
    [[]],
  )
}

/** All ways to draw from `choices`, `length` times. */
function words<T>(choices: readonly T[], length: number): readonly (readonly T[])[] {
  if (length === 0) return [[]]
  return words(choices, length - 1).flatMap((word) => choices.map((choice) => [...word, choice]))
}

function majoritiesOf(electorate: Electorate): readonly ReadonlySet<NodeKey>[] {
  return subsets(nodes)
    .map((set) => new Set(set.map(({ key }) => key)))
    .filter((set) => isMajority(electorate, set))
}

function shareNobody(left: Electorate, right: Electorate): boolean {
  const others = majoritiesOf(right)
  return majoritiesOf(left).some((one) =>
    others.some((other) => [...one].every((key) => !other.has(key))),
  )
}

test('two majorities of electorates that follow on each other share a node, for all of up to five nodes', () => {
  const electorates = subsets(nodes).filter((voters) => voters.length > 0)
  const apart = electorates.flatMap((former) =>
    electorates.filter((voters) => {
      const before: Electorate = { voters: former, former: [] }
      const between: Electorate = { voters, former }
      const after: Electorate = { voters, former: [] }
      const steps: readonly (readonly [Electorate, Electorate])[] = [
        [before, before],
        [before, between],
        [between, between],
        [between, after],
      ]
      return steps.some(([left, right]) => shareNobody(left, right))
    }),
  )
  expect(electorates).toHaveLength(31)
  expect(apart).toEqual([])
})

const length = Number(process.env['CASTY_SHARDING_FATES'] ?? 2)

/** What happens right before the messages whose fates are tried. */
const turns: readonly (readonly [string, (world: World, nodes: readonly WorldNode[]) => void])[] = [
  ['the coordinator stands still', (world, [a]) => a && world.pause(a, 2_300)],
  ['the coordinator dies', (world, [a]) => a && world.kill(a)],
  ['the coordinator leaves', (world, [a]) => a && world.leave(a)],
  ['a node joins', (world) => world.start('d')],
]

test.each(turns)(
  `when %s, whichever of the ${length} next messages are lost or late, nothing runs twice, and all runs in the end`,
  (_what, turn) => {
    for (const fates of words(['fine', 'lost', 'late'] as const, length)) {
      const quiet = { lossShare: 0, slowShare: 0, slowMs: 1_900, numShards: 4 }
      const world = new World({ seed: 3, ...quiet })
      const nodes = grown(world, ['a', 'b', 'c'])
      turn(world, nodes)
      world.fates = [...fates]
      world.run(10_000)
      expect(world.invariants.violations, fates.join(' ')).toEqual([])
      expect(world.homeless, fates.join(' ')).toEqual([])
    }
  },
)
