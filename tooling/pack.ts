// Packs every publishable package, as a release would. What looks at tarballs asks for them here.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { workspacePackages, workspaceRoot, type WorkspacePackage } from './checks/workspace.ts'

export interface PackedPackages extends Disposable {
  readonly folder: string
  /** File names. */
  readonly tarballs: readonly string[]
}

/**
 * The tarballs of all packages: those that this run has packed already, in the folder that
 * `CASTY_PACKED` names, or fresh ones in a folder that disposal removes. Expects `dist` to be built.
 */
export function packedPackages(): PackedPackages {
  const shared = process.env['CASTY_PACKED']
  if (shared !== undefined) {
    return { folder: shared, tarballs: tarballsIn(shared), [Symbol.dispose]: () => {} }
  }
  const folder = mkdtempSync(join(tmpdir(), 'casty-packed-'))
  pack(folder)
  return {
    folder,
    tarballs: tarballsIn(folder),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** @throws Error if any package cannot be packed */
function pack(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const { status, stdout, stderr } = spawnSync(
    'pnpm',
    ['-r', '--filter', './packages/*', 'pack', '--pack-destination', folder],
    { cwd: workspaceRoot, encoding: 'utf8', shell: process.platform === 'win32' },
  )
  const expected = workspacePackages().length
  const found = tarballsIn(folder).length
  if (status !== 0 || found !== expected) {
    throw new Error(`Packed ${found} of ${expected} packages:\n${stdout}${stderr}`)
  }
}

/** The name under which pnpm packs a package. */
export function tarballOf({ manifest: { name, version } }: WorkspacePackage): string {
  return `${name.replace('@', '').replace('/', '-')}-${version}.tgz`
}

function tarballsIn(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.tgz'))
}

if (import.meta.main) {
  const folder = process.argv[2] ?? process.env['CASTY_PACKED']
  if (folder === undefined) {
    console.error('Usage: node tooling/pack.ts <folder for the tarballs>')
    process.exitCode = 2
  } else {
    pack(folder)
    console.log(`${tarballsIn(folder).length} packages packed into ${folder}`)
  }
}
