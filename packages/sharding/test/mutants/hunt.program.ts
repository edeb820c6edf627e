// Hunts mutants: plays every scenario, then as many seeds of chaos, until one of them catches it. Prints what did, as JSON.
//
// node --conditions=@casty/source packages/sharding/test/mutants/hunt.program.ts [seeds] [part of a name]
import { mutants, type Mutant } from './catalogue.ts'
import { plant } from './plant.ts'

const seeds = Number(process.argv[2] ?? 200)
const part = process.argv[3] ?? ''

async function hunt(mutant: Mutant): Promise<string | undefined> {
  const { World, chaos, scenarios } = await plant(mutant)
  const isCaught = (seed: number): boolean => {
    const world = new World({ seed, minoritySurvives: seed % 3 === 0 })
    chaos(world, { peaceMs: 0 })
    return world.invariants.violations.length > 0
  }
  if (mutant.seed !== undefined && isCaught(mutant.seed)) return `seed ${mutant.seed}`
  for (const [name, play] of Object.entries(scenarios)) {
    const world = play((options) => new World(options))
    if (world.invariants.violations.length > 0) return name
  }
  for (let seed = 1; seed <= seeds; seed++) if (isCaught(seed)) return `seed ${seed}`
  return undefined
}

const results: Record<string, string> = {}
for (const mutant of mutants.filter(({ name }) => name.includes(part))) {
  results[mutant.name] = (await hunt(mutant)) ?? 'escaped'
}
console.log(JSON.stringify(results, undefined, 1))
