// Checks the packed tarballs, since they are what a user gets: publint, types as every resolver sees
// them, and the contents. Closes with `N passed, N failed`, one check per package and tool.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { workspaceRoot } from './checks/workspace.ts'
import { packedPackages } from './pack.ts'

/** What one check of one tarball found wrong; none means that it passed. */
type Findings = readonly string[]

const checks: Readonly<Record<string, (tarball: string) => Findings | Promise<Findings>>> = {
  'publint --strict': publintFindings,
  'attw --profile esm-only': attwFindings,
  contents: contentFindings,
}

async function publintFindings(tarball: string): Promise<Findings> {
  const bytes = readFileSync(tarball)
  const { messages, pkg } = await publint({
    strict: true,
    pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) },
  })
  return messages.map((message) => formatMessage(message, pkg) ?? message.code)
}

function attwFindings(tarball: string): Findings {
  const { status, stdout, stderr } = spawnSync(
    'attw',
    [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'],
    { cwd: workspaceRoot, encoding: 'utf8', shell: process.platform === 'win32' },
  )
  return status === 0 ? [] : [`${stdout}${stderr}`.trim() || `attw ended with ${status}`]
}

/** A tarball holds what its manifest promises, a README and a licence, and nothing left over in dist. */
function contentFindings(tarball: string): Findings {
  const { stdout } = spawnSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
  const files = new Set(stdout.split('\n').filter(Boolean))
  const missing = ['package/README.md', 'package/LICENSE', 'package/dist/index.js'].filter(
    (file) => !files.has(file),
  )
  const leftOver = [...files].filter(
    (file) => /^package\/dist\/.*\.js$/.test(file) && !files.has(sourceOf(file)),
  )
  return [
    ...missing.map((file) => `it lacks ${file}`),
    ...leftOver.map((file) => `${file} has no source: delete dist and build again`),
  ]
}

function sourceOf(built: string): string {
  return built.replace('package/dist/', 'package/src/').replace(/\.js$/, '.ts')
}

using packed = packedPackages()
let passed = 0
let failed = 0
for (const tarball of packed.tarballs) {
  for (const [name, check] of Object.entries(checks)) {
    const findings = await check(join(packed.folder, tarball))
    if (findings.length === 0) passed++
    else failed++
    for (const finding of findings) console.error(`${tarball}, ${name}: ${finding}`)
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
