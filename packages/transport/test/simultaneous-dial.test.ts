import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createWorld, tell } from './world.ts'

const runs = Number(process.env['CASTY_RUNS'] ?? 300)

test('two nodes that dial at once, however that interleaves, end with one connection per lane and every frame in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seed: fc.integer(),
        there: fc.integer({ min: 0, max: 40 }),
        back: fc.integer({ min: 0, max: 40 }),
        jitter: fc.integer({ min: 0, max: 30 }),
        sends: fc.array(
          fc.record({
            at: fc.integer({ min: 0, max: 120 }),
            fromLeft: fc.boolean(),
            lane: fc.constantFrom('control' as const, 'data' as const),
          }),
          { maxLength: 24 },
        ),
      }),
      async ({ seed, there, back, jitter, sends }) => {
        const world = createWorld({ seed })
        await using left = await world.start('a:1')
        await using right = await world.start('b:1')
        world.network.delay(left.address, right.address, { latencyMs: there, jitterMs: jitter })
        world.network.delay(right.address, left.address, { latencyMs: back, jitterMs: jitter })
        for (const [index, { at, fromLeft, lane }] of sends.entries()) {
          const [from, to] = fromLeft ? [left, right] : [right, left]
          world.clock.schedule(at, () => void tell(from, to, `${lane} ${index}`, lane))
        }
        await world.run(8_000)
        const sorted = sends
          .map((send, index) => ({ ...send, index }))
          .toSorted((a, b) => a.at - b.at)
        for (const lane of ['control', 'data'] as const) {
          const used = sends.some((send) => send.lane === lane)
          for (const [from, to] of [
            [left, right],
            [right, left],
          ] as const) {
            const expected = sorted
              .filter((send) => send.lane === lane && send.fromLeft === (from === left))
              .map(({ index }) => `${lane} ${index}`)
            expect(to.texts.filter((text) => text.startsWith(lane))).toEqual(expected)
            expect(from.endpoint.isConnected(to.endpoint.self, lane)).toBe(used)
            const opened = from.told.filter((text) => text.startsWith(`lane-opened ${lane}`))
            expect(opened).toHaveLength(used ? 1 : 0)
          }
        }
        expect(
          left.told.concat(right.told).filter((text) => !text.startsWith('lane-opened')),
        ).toEqual([])
      },
    ),
    { numRuns: runs, seed: Number(process.env['S'] ?? 1) },
  )
})
