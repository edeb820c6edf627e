// Hunts every mutant with seeds until one catches it, and prints what happened: node … hunt.program.ts [seeds] [name …]
import { mutants } from './catalogue.ts'
import { plant } from './plant.ts'

const seeds = Number(process.argv[2] ?? 200)
const names = process.argv.slice(3)
const results: Record<string, number | undefined> = {}
for (const mutant of mutants) {
  if (names.length > 0 && !names.includes(mutant.name)) continue
  const { World, chaos } = await plant(mutant)
  let caughtBy: number | undefined
  for (let seed = 1; seed <= seeds && caughtBy === undefined; seed++) {
    const world = new World({ seed, minoritySurvives: seed % 3 === 0 })
    chaos(world, { peaceMs: 0 })
    if (world.invariants.violations.length > 0) caughtBy = seed
  }
  results[mutant.name] = caughtBy
  if (process.stdout.isTTY || names.length > 0) console.error(mutant.name, caughtBy)
}
console.log(JSON.stringify(results))
