// The entry only looks at the Node it runs on: everything else is imported after that, so that a Node
// too old to read it still gets as far as saying so.
import { readFileSync } from 'node:fs'
import { nodeTooOld } from './node-version.ts'

const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
const complaint = nodeTooOld(process.versions.node, manifest)

if (complaint === undefined) {
  const { main } = await import('./demo.ts')
  process.exitCode = await main(process.argv.slice(2))
} else {
  console.error(complaint)
  process.exitCode = 1
}
