import { expect, test } from 'vitest'
import { chaos } from './chaos.ts'
import { draws, World } from './world.ts'

const runs = Number(process.env['CASTY_SHARDING_SEEDS'] ?? 15)
const first = Number(process.env['CASTY_SEED'] ?? 1)

/** Networks from good to hardly usable, with messages that are later than a lease lasts. */
function worldOf(seed: number, draw: () => number): World {
  return new World({
    seed,
    minoritySurvives: seed % 3 === 0,
    replicas: seed % 5 === 0 ? 1 : 0,
    lossShare: draw() < 0.5 ? 0.02 : draw() * 0.3,
    slowShare: draw() < 0.5 ? 0.02 : draw() * 0.5,
    slowMs: 200 + draw() * 6_000,
  })
}

for (let seed = first; seed < first + runs; seed++) {
  test(`one coordinator, one owner, growing epochs, whatever happens (seed ${seed})`, () => {
    const draw = draws(seed * 7_919)
    const world = worldOf(seed, draw)
    chaos(world, { forMs: 20_000 + draw() * 60_000, hosts: 3 + Math.floor(draw() * 4) })
    expect(world.invariants.violations).toEqual([])
    // Where members died that nobody may decide against, there is nothing to wait for.
    if (world.alive.length > 0 && world.isSettled) expect(world.homeless).toEqual([])
  })
}
