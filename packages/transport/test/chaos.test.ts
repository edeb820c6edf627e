import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createWorld, tell, type Node, type World } from './world.ts'

const runs = Number(process.env['CASTY_RUNS'] ?? 150)
const lanes = ['control', 'data'] as const

/** Something that goes wrong, or is said, at an instant. */
type Happening =
  | { readonly type: 'tell'; readonly fromLeft: boolean; readonly lane: 'control' | 'data' }
  | { readonly type: 'cut'; readonly mode: 'silent' | 'reset'; readonly oneWay: boolean }
  | { readonly type: 'lose'; readonly fromLeft: boolean; readonly next: number }
  | { readonly type: 'break'; readonly fromLeft: boolean }
  | { readonly type: 'pause'; readonly left: boolean }
  | { readonly type: 'heal' }

const happenings: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({
    type: fc.constant('tell' as const),
    fromLeft: fc.boolean(),
    lane: fc.constantFrom(...lanes),
  }),
  fc.record({
    type: fc.constant('cut' as const),
    mode: fc.constantFrom('silent' as const, 'reset' as const),
    oneWay: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('lose' as const),
    fromLeft: fc.boolean(),
    next: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ type: fc.constant('break' as const), fromLeft: fc.boolean() }),
  fc.record({ type: fc.constant('pause' as const), left: fc.boolean() }),
  fc.record({ type: fc.constant('heal' as const) }),
)

function happen(world: World, left: Node, right: Node, happening: Happening, text: string): void {
  switch (happening.type) {
    case 'tell':
      if (happening.fromLeft) tell(left, right, text, happening.lane)
      else tell(right, left, text, happening.lane)
      return
    case 'cut':
      world.network.cut(left.address, right.address, happening)
      return
    case 'lose': {
      const [from, to] = happening.fromLeft ? [left, right] : [right, left]
      world.network.drop(from.address, to.address, { next: happening.next })
      return
    }
    case 'break':
      if (happening.fromLeft) left.endpoint.reset(right.endpoint.self)
      else right.endpoint.reset(left.endpoint.self)
      return
    case 'pause':
      world.network.pause((happening.left ? left : right).address)
      return
    case 'heal':
      healAll(world, left, right)
  }
}

function healAll(world: World, left: Node, right: Node): void {
  world.network.heal()
  world.network.resume(left.address)
  world.network.resume(right.address)
}

test('whatever happens between two nodes, frames never come twice or out of order, and after it all two lanes carry again', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.array(fc.tuple(fc.integer({ min: 1, max: 3_000 }), happenings), { maxLength: 30 }),
      async (seed, script) => {
        const world = createWorld({ seed, latencyMs: 2 })
        await using left = await world.start('a:1')
        await using right = await world.start('b:1')
        left.endpoint.keep(right.endpoint.self)
        right.endpoint.keep(left.endpoint.self)
        for (const [index, [afterMs, happening]] of script.entries()) {
          await world.run(afterMs)
          happen(world, left, right, happening, `${index}`)
        }
        healAll(world, left, right)
        // A dial that was under way, the longest backoff, and a silence that has to be noticed.
        await world.run(60_000)
        for (const lane of lanes) {
          tell(left, right, `${lane} at last`, lane)
          tell(right, left, `${lane} at last`, lane)
        }
        await world.run(15_000)
        for (const node of [left, right]) {
          const { frames } = node.received
          for (const lane of lanes) {
            const texts = node.texts.filter((_, index) => frames[index]?.lane === lane)
            expect(texts.at(-1)).toBe(`${lane} at last`)
            const order = texts.slice(0, -1).map(Number)
            expect(order).toEqual([...new Set(order)].toSorted((a, b) => a - b))
          }
          const [association] = node.endpoint.explain().associations
          expect(association?.control.state).toBe('open')
        }
      },
    ),
    { numRuns: runs, seed: Number(process.env['CASTY_SEED'] ?? 1) },
  )
}, 120_000)
