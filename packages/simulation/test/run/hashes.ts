// Prints the trace hashes of the seeds from one number to another, for runs in another process:
// `node --conditions=@casty/source hashes.ts 1 20`.
// Not from the index: the oldest Node runs these sources as they are, but not every syntax of the rest.
import { membershipScenario } from '../../src/membership/scenario.ts'
import { simulate } from '../../src/run/simulate.ts'

const [first = 1, last = 1] = process.argv.slice(2).map(Number)
const hashes: string[] = []
for (let seed = first; seed <= last; seed++) {
  hashes.push((await simulate(membershipScenario, seed)).traceHash)
}
console.log(JSON.stringify(hashes))
