// Worlds in which one thing happens at the worst of times. Each is also what catches some of the mutants.
import type { World, WorldNode, WorldOptions } from './world.ts'

export type Scenario = (make: (options: WorldOptions) => World) => World

const quiet = { lossShare: 0, slowShare: 0 }

/** Nodes that are up and have a table with all of them as voters. */
export function grown(world: World, names: readonly string[]): readonly WorldNode[] {
  const nodes = names.map((name) => world.start(name))
  world.runUntil(() =>
    nodes.every(({ core }) => {
      const { voters, former } = core.committed.electorate
      return voters.length >= nodes.length && former.length === 0 && core.leaseUntil > 0
    }),
  )
  world.run(4_000)
  return nodes
}

export const scenarios = {
  /** The coordinator and four who are just up are cut off from the two others who were voters before. */
  'voters change while the coordinator loses the former ones': (make) => {
    const world = make({ seed: 1, ...quiet })
    const [a, b, c] = grown(world, ['a', 'b', 'c'])
    const newcomers = ['d', 'e', 'f', 'g'].map((name) => world.start(name))
    world.runUntil(() => newcomers.every((node) => world.status(node) === 'up'))
    if (a && b && c) world.split([a, ...newcomers], [b, c])
    world.run(6_000)
    return world
  },
  /** Two of five decide against the three others, who go on for as long as they may. */
  'the smaller side survives': (make) => {
    const world = make({ seed: 2, ...quiet })
    const [a, b, ...others] = grown(world, ['a', 'b', 'c', 'd', 'e'])
    if (a && b) {
      world.split([a, b], others)
      world.run(3_000)
      world.downByDecision(b, others)
    }
    world.run(30_000)
    return world
  },
  /** A node stands still while what it owned is given to others. */
  'an owner stands still': (make) => {
    const world = make({ seed: 3, ...quiet })
    const [, b] = grown(world, ['a', 'b', 'c'])
    if (b) world.pause(b, 2_500)
    world.run(10_000)
    return world
  },
  /** The coordinator leaves while it hands over its shards. */
  'the coordinator leaves': (make) => {
    const world = make({ seed: 4, ...quiet })
    const [a] = grown(world, ['a', 'b', 'c'])
    if (a) world.leave(a)
    world.run(10_000)
    return world
  },
  /** As before, and right before it resigns another owner stands still, with a lease that it had of it. */
  'an owner stands still when the coordinator resigns': (make) => {
    const world = make({ seed: 5, ...quiet })
    const [a, , , d] = grown(world, ['a', 'b', 'c', 'd'])
    if (!a || !d) return world
    world.leave(a)
    world.runUntil(() => world.leading.length === 0)
    world.pause(d, 1_900)
    world.run(10_000)
    return world
  },
} as const satisfies Readonly<Record<string, Scenario>>
