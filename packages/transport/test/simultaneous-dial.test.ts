import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openlyProved } from './openly-proved.ts'
import { createWorld, tell, type Node } from './world.ts'

const runs = Number(process.env['CASTY_RUNS'] ?? 300)
const lanes = ['control', 'data'] as const

/** One frame, sent from one side at an instant. */
interface Send {
  readonly at: number
  readonly fromLeft: boolean
  readonly lane: 'control' | 'data'
}

const sends = fc.array(
  fc.record({
    at: fc.integer({ min: 0, max: 120 }),
    fromLeft: fc.boolean(),
    lane: fc.constantFrom(...lanes),
  }),
  { maxLength: 24 },
)

const links = fc.record({
  seed: fc.integer(),
  thereMs: fc.integer({ min: 0, max: 40 }),
  backMs: fc.integer({ min: 0, max: 40 }),
  jitterMs: fc.integer({ min: 0, max: 30 }),
})

test.each([
  ['without a secret', undefined],
  ['with one', openlyProved],
])(
  'two nodes %s that dial at once, however that interleaves, end with one connection per lane and every frame in order',
  async (_, authentication) => {
    await fc.assert(
      fc.asyncProperty(links, sends, async ({ seed, thereMs, backMs, jitterMs }, script) => {
        const world = createWorld({ seed })
        const options = authentication && { authentication }
        await using left = await world.start('a:1', options)
        await using right = await world.start('b:1', options)
        world.network.delay(left.address, right.address, { latencyMs: thereMs, jitterMs })
        world.network.delay(right.address, left.address, { latencyMs: backMs, jitterMs })
        for (const [index, { at, fromLeft, lane }] of script.entries()) {
          const [from, to] = fromLeft ? [left, right] : [right, left]
          world.clock.schedule(at, () => void tell(from, to, `${index}`, lane))
        }
        await world.run(8_000)
        for (const lane of lanes) {
          expect(textsOn(right, lane)).toEqual(expectedOn(lane, script, true))
          expect(textsOn(left, lane)).toEqual(expectedOn(lane, script, false))
        }
        const used = lanes.filter((lane) => script.some((send) => send.lane === lane))
        expect(left.told.toSorted()).toEqual(used.map((lane) => `lane-opened ${lane} b:1#1`))
        expect(right.told.toSorted()).toEqual(used.map((lane) => `lane-opened ${lane} a:1#1`))
      }),
      { numRuns: runs, seed: Number(process.env['CASTY_SEED'] ?? 1) },
    )
  },
)

function textsOn(node: Node, lane: 'control' | 'data'): readonly string[] {
  const { frames } = node.received
  return node.texts.filter((_, index) => frames[index]?.lane === lane)
}

function expectedOn(
  lane: 'control' | 'data',
  script: readonly Send[],
  fromLeft: boolean,
): readonly string[] {
  return script
    .map((send, index) => ({ ...send, text: `${index}` }))
    .filter((send) => send.lane === lane && send.fromLeft === fromLeft)
    .toSorted((first, second) => first.at - second.at)
    .map(({ text }) => text)
}
