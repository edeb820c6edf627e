// Packs every publishable package into the given folder, as a release would.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { workspacePackages, workspaceRoot } from './checks/workspace.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  console.error('Usage: node tooling/pack.ts <folder for the tarballs>')
  process.exit(2)
}

const { status } = spawnSync(
  'pnpm',
  ['-r', '--filter', './packages/*', 'pack', '--pack-destination', folder],
  { cwd: workspaceRoot, stdio: 'inherit', shell: process.platform === 'win32' },
)
const tarballs = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
const expected = workspacePackages().length
console.log(`${tarballs.length} of ${expected} packages packed into ${folder}`)
process.exitCode = status === 0 && tarballs.length === expected ? 0 : 1
