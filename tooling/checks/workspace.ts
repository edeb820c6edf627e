import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the repository, absolute. */
export const workspaceRoot: string = fileURLToPath(new URL('../..', import.meta.url))

export interface PackageManifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly engines?: { readonly node?: string }
  /** By entry point, then by condition; one condition may lead to further ones. */
  readonly exports?: Readonly<
    Record<string, Readonly<Record<string, string | Readonly<Record<string, string>>>>>
  >
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export interface WorkspacePackage {
  readonly name: string
  /** Absolute. */
  readonly folder: string
  readonly manifest: PackageManifest
}

/** The publishable packages: every folder of `packages/` with a manifest, by name. */
export function workspacePackages(root: string = workspaceRoot): readonly WorkspacePackage[] {
  return readdirSync(join(root, 'packages'))
    .sort()
    .map((name) => join(root, 'packages', name))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => {
      // The repository's own file: its shape is checked by pnpm at every install.
      const manifest = JSON.parse(
        readFileSync(join(folder, 'package.json'), 'utf8'),
      ) as PackageManifest
      return { name: manifest.name, folder, manifest }
    })
}

/** The TypeScript files below a folder, absolute and sorted; none if there is no such folder. */
export function typeScriptFiles(folder: string): readonly string[] {
  return filesBelow(folder, '.ts')
}

/** The files below a folder whose names end so, absolute and sorted, without those of dependencies. */
export function filesBelow(folder: string, ending: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('node_modules'))
    .sort()
}
