// Checks the packages as they are packed, since that is what a user gets: publint, types as every
// resolver sees them, the contents, and whether what the compiler wrote loads at all. Closes with
// `N passed, N failed`, one check per package and tool.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import {
  filesBelow,
  workspacePackages,
  workspaceRoot,
  type WorkspacePackage,
} from './checks/workspace.ts'
import { packedPackages, tarballOf } from './pack.ts'

interface Subject extends WorkspacePackage {
  /** Absolute path. */
  readonly tarball: string
}

/** What one check of one package found wrong; none means that it passed. */
type Findings = readonly string[]

const checks: Readonly<Record<string, (subject: Subject) => Findings | Promise<Findings>>> = {
  'publint --strict': publintFindings,
  'attw --profile esm-only': attwFindings,
  contents: contentFindings,
  'modules load': loadFindings,
}

async function publintFindings({ tarball }: Subject): Promise<Findings> {
  const bytes = readFileSync(tarball)
  const { messages, pkg } = await publint({
    strict: true,
    pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) },
  })
  return messages.map((message) => formatMessage(message, pkg) ?? message.code)
}

function attwFindings({ tarball }: Subject): Findings {
  return run('attw', [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'])
}

/** A tarball holds what its manifest promises, a README and a licence, and nothing left over in dist. */
function contentFindings({ tarball }: Subject): Findings {
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

/**
 * Everything else here runs from the sources; only this sees what the compiler made of them. (TypeScript
 * 7.0.2 renames a class inside itself when a `#private` method names it, and a static field that names
 * it too then fails as the module loads.) Modules that need vitest load in its tests only.
 */
function loadFindings({ folder }: Subject): Findings {
  const modules = filesBelow(join(folder, 'dist'), '.js').filter(
    (path) => !/from 'vitest'/.test(readFileSync(path, 'utf8')),
  )
  if (modules.length === 0) return ['there is no module in dist']
  return run(process.execPath, ['--input-type=module', '-e', importing(modules)])
}

/** A program that imports each module, and ends with an error after telling which cannot be. */
function importing(paths: readonly string[]): string {
  return `
    const failures = new Set()
    for (const path of ${JSON.stringify(paths)}) {
      try { await import(path) } catch (error) { failures.add(error.stack) }
    }
    for (const failure of failures) console.error(failure)
    process.exitCode = failures.size > 0 ? 1 : 0`
}

function run(program: string, args: readonly string[]): Findings {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: workspaceRoot,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  return status === 0 ? [] : [`${stdout}${stderr}`.trim() || `${program} ended with ${status}`]
}

using packed = packedPackages()
let passed = 0
let failed = 0
for (const found of workspacePackages()) {
  const subject = { ...found, tarball: join(packed.folder, tarballOf(found)) }
  for (const [name, check] of Object.entries(checks)) {
    const findings = await check(subject)
    if (findings.length === 0) passed++
    else failed++
    for (const finding of findings) console.error(`${found.name}, ${name}: ${finding}`)
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
