import { expect, test } from 'vitest'
import { chaos } from './chaos.ts'
import { World } from './world.ts'

const runs = Number(process.env['CASTY_SHARDING_SEEDS'] ?? 15)
const first = Number(process.env['CASTY_SEED'] ?? 1)

for (let seed = first; seed < first + runs; seed++) {
  test(`one coordinator, one owner, growing epochs, whatever happens (seed ${seed})`, () => {
    const world = new World({ seed, minoritySurvives: seed % 3 === 0 })
    chaos(world)
    expect(world.invariants.violations).toEqual([])
    const up = world.alive.filter((node) => world.status(node) === 'up')
    if (up.length === 0 || !world.isSettled) return
    const homeless = [...Array(12).keys()].filter(
      (shard) => !up.some((node) => node.runs(shard, world.now)),
    )
    expect(homeless).toEqual([])
  })
}
