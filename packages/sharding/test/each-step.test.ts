// Whoever gives out shards dies, stands still or is cut off at every single step of every protocol: as each message is sent, and as
// each arrives.
import type { ShardingMessage } from '@casty/sharding'
import { expect, test } from 'vitest'
import { grown } from './scenarios.ts'
import { World, type WorldNode } from './world.ts'

/** Every so many steps something happens; 1: at each. */
const stride = Number(process.env['CASTY_SHARDING_STRIDE'] ?? 23)

interface Protocol {
  /** Of which messages, at least, it must consist. */
  readonly messages: readonly ShardingMessage['type'][]
  readonly begin: (world: World) => void
}

function coordinatorOf(world: World): WorldNode {
  const [coordinator] = world.leading
  if (coordinator) return coordinator
  throw new Error('Nobody coordinates')
}

/** Somebody else, who has a shard. */
function ownerOf(world: World): WorldNode {
  const owner = world.alive.find(
    (node) => node !== coordinatorOf(world) && world.shardsOf(node).length > 0,
  )
  if (owner) return owner
  throw new Error('Nobody else has a shard')
}

const agreeing = ['round', 'answer', 'entries', 'accepted'] as const

const protocols: Readonly<Record<string, Protocol>> = {
  'a node joins': {
    messages: [...agreeing, 'released'],
    begin: (world) => void world.start('f'),
  },
  'an owner leaves': {
    messages: [...agreeing, 'released'],
    begin: (world) => world.leave(ownerOf(world)),
  },
  'an owner dies, and a copy takes its place': {
    messages: [...agreeing, 'replica-query', 'replica-report'],
    begin: (world) => world.kill(ownerOf(world)),
  },
  'the coordinator leaves': {
    messages: [...agreeing, 'resign'],
    begin: (world) => world.leave(coordinatorOf(world)),
  },
  'the coordinator dies': {
    messages: [...agreeing, 'replica-query', 'replica-report'],
    begin: (world) => world.kill(coordinatorOf(world)),
  },
  'the coordinator stands still, and goes on': {
    messages: [...agreeing, 'replica-query', 'replica-report'],
    begin: (world) => world.pause(coordinatorOf(world), 2_300),
  },
}

const harms = {
  dies: (world, node) => world.kill(node),
  'stands still': (world, node) => world.pause(node, 2_300),
  'is heard no more for a while': (world, node) => {
    for (const other of world.nodes) if (other !== node) world.cut(node, other)
    world.at(4_000, () => world.heal())
  },
} as const satisfies Readonly<Record<string, (world: World, node: WorldNode) => void>>

interface Run {
  readonly world: World
  /** How many steps there were before all was at rest. */
  readonly steps: number
  readonly types: ReadonlySet<string>
}

/** @param at - the step at which `harm` is done; a number that is never come to for none */
function run(
  { begin }: Protocol,
  at: number,
  harm: (world: World, node: WorldNode) => void = () => {},
): Run {
  const world = new World({ seed: 7, lossShare: 0, slowShare: 0, numShards: 8, replicas: 1 })
  grown(world, ['a', 'b', 'c', 'd', 'e'])
  const types = new Set<string>()
  let steps = 0
  world.watch = (_stage, by, { type }) => {
    types.add(type)
    if (steps++ !== at) return
    const [leader = by] = world.leading
    harm(world, leader)
  }
  begin(world)
  world.run(3_500)
  const during = steps
  world.run(9_000)
  return { world, steps: during, types }
}

test.each(Object.entries(protocols))('%s: these are its messages', (_what, protocol) => {
  const { world, types } = run(protocol, -1)
  expect([...types]).toEqual(expect.arrayContaining([...protocol.messages]))
  expect(world.invariants.violations).toEqual([])
  expect(world.homeless).toEqual([])
})

test.each(
  Object.entries(protocols).flatMap(([what, protocol]) =>
    Object.entries(harms).map(([how, harm]) => [what, how, protocol, harm] as const),
  ),
)(
  `%s, and at step after step (one of ${stride}) whoever coordinates then %s: nothing runs twice, and all runs in the end`,
  (_what, _how, protocol, harm) => {
    const { steps } = run(protocol, -1)
    const failures: string[] = []
    for (let at = 0; at < steps; at += stride) {
      const { world } = run(protocol, at, harm)
      const { violations } = world.invariants
      if (violations.length > 0) failures.push(`step ${at}: ${violations.join('; ')}`)
      if (world.homeless.length > 0)
        failures.push(`step ${at}: ${world.homeless.join()} run nowhere`)
    }
    expect(steps).toBeGreaterThan(20)
    expect(failures).toEqual([])
  },
)
