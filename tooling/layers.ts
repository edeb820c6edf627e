// Checks that imports point down. pnpm and tsc already refuse undeclared and deep imports; what they
// cannot see is a package that depends on a higher layer, so the layers are written down here.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import {
  typeScriptFiles,
  workspacePackages,
  workspaceRoot,
  type PackageManifest,
} from './checks/workspace.ts'

/**
 * The layers, lowest first, each package with what it is built on. A package may use what it names
 * and what that stands on, nothing beside or above itself. Packages that are planned are listed too,
 * so that their place is settled before their first line.
 */
export const layers: readonly Readonly<Record<string, readonly string[]>>[] = [
  { '@casty/clock': [], '@casty/crdt': [], '@casty/options': [] },
  {
    '@casty/failure-detector': ['@casty/clock'],
    '@casty/transport': ['@casty/clock', '@casty/options'],
    '@casty/actor': ['@casty/clock'],
  },
  {
    '@casty/cert': ['@casty/transport'],
    '@casty/net': ['@casty/transport'],
    '@casty/secret': ['@casty/transport'],
    '@casty/persistence': ['@casty/clock', '@casty/options', '@casty/actor'],
  },
  {
    '@casty/transport-tcp': ['@casty/net'],
    '@casty/transport-ws': ['@casty/net'],
  },
  {
    '@casty/journal-file': ['@casty/persistence'],
    '@casty/journal-postgres': ['@casty/persistence'],
    '@casty/membership': [
      '@casty/clock',
      '@casty/options',
      '@casty/failure-detector',
      '@casty/transport',
    ],
  },
  {
    '@casty/sbr': ['@casty/membership'],
    '@casty/remote': ['@casty/actor', '@casty/membership', '@casty/transport'],
    '@casty/replicator': [
      '@casty/crdt',
      '@casty/membership',
      '@casty/options',
      '@casty/persistence',
      '@casty/transport',
    ],
  },
  { '@casty/lease-postgres': ['@casty/sbr'] },
  { '@casty/sharding': ['@casty/remote', '@casty/persistence'] },
  { '@casty/ddata': ['@casty/sharding'] },
  {
    '@casty/cluster': [
      '@casty/ddata',
      '@casty/replicator',
      '@casty/sbr',
      '@casty/secret',
      '@casty/lease-postgres',
      '@casty/cert',
      '@casty/net',
      '@casty/transport-tcp',
      '@casty/transport-ws',
      '@casty/journal-file',
      '@casty/journal-postgres',
    ],
  },
  { '@casty/simulation': ['@casty/cluster'] },
]

/** What the check looks at: a manifest, and which `@casty` packages the files in `src` import. */
export interface LayeredPackage {
  readonly manifest: Pick<
    PackageManifest,
    'name' | 'dependencies' | 'devDependencies' | 'peerDependencies' | 'optionalDependencies'
  >
  readonly imports: readonly { readonly file: string; readonly name: string }[]
}

/** One sentence per violation; none means that all imports point down. */
export function layerViolations(packages: readonly LayeredPackage[]): readonly string[] {
  return packages.flatMap(violationsOf)
}

function violationsOf(found: LayeredPackage): readonly string[] {
  const { name } = found.manifest
  if (layerOf(name) < 0) return [`${name} is in no layer. Give it a place in tooling/layers.ts.`]
  return [...tooHigh(found), ...notBelow(found), ...undeclared(found)]
}

/** Dependencies on what the package is not built on. */
function tooHigh({ manifest }: LayeredPackage): readonly string[] {
  const allowed = standsOn(manifest.name)
  const list = [...allowed].join(', ') || 'nothing'
  return productionDependencies(manifest)
    .filter((dependency) => !allowed.has(dependency))
    .map((dependency) => `${manifest.name} depends on ${dependency}. It may use: ${list}.`)
}

/** A devDependency upwards would make a circle of builds, and of tests. */
function notBelow({ manifest: { name, devDependencies } }: LayeredPackage): readonly string[] {
  return castyNames(devDependencies)
    .filter((dependency) => !isBelow(dependency, name))
    .map(
      (dependency) =>
        `${name} has the devDependency ${dependency}, which is not below it. ` +
        'Move the test that needs it to the higher package.',
    )
}

function undeclared({ manifest, imports }: LayeredPackage): readonly string[] {
  const declared = [manifest.name, ...productionDependencies(manifest)]
  return imports
    .filter(({ name }) => !declared.includes(name))
    .map(
      ({ file, name }) =>
        `${file} imports ${name}, which ${manifest.name} does not declare as dependency.`,
    )
}

/** The `@casty` packages that a source text imports or re-exports, types included. */
export function importedPackages(source: string): readonly string[] {
  const specifiers = source.matchAll(/\b(?:from|import)\s*\(?\s*['"](@casty\/[^"'/]+)/g)
  return [...new Set([...specifiers].flatMap((match) => match[1] ?? []))]
}

/** Everything that a package's own dependencies stand on, themselves included. */
function standsOn(name: string): ReadonlySet<string> {
  const direct = layers[layerOf(name)]?.[name] ?? []
  return new Set(direct.flatMap((dependency) => [dependency, ...standsOn(dependency)]))
}

function layerOf(name: string): number {
  return layers.findIndex((layer) => Object.hasOwn(layer, name))
}

function isBelow(lower: string, higher: string): boolean {
  return layerOf(lower) >= 0 && layerOf(lower) < layerOf(higher)
}

function productionDependencies(manifest: LayeredPackage['manifest']): readonly string[] {
  return [
    ...castyNames(manifest.dependencies),
    ...castyNames(manifest.peerDependencies),
    ...castyNames(manifest.optionalDependencies),
  ]
}

function castyNames(dependencies: Readonly<Record<string, string>> = {}): readonly string[] {
  return Object.keys(dependencies).filter((name) => name.startsWith('@casty/'))
}

function readPackages(): readonly LayeredPackage[] {
  return workspacePackages().map(({ folder, manifest }) => ({
    manifest,
    imports: typeScriptFiles(`${folder}/src`).flatMap((path) =>
      importedPackages(readFileSync(path, 'utf8')).map((name) => ({
        file: relative(workspaceRoot, path),
        name,
      })),
    ),
  }))
}

if (import.meta.main) {
  const packages = readPackages()
  const violations = layerViolations(packages)
  for (const violation of violations) console.error(violation)
  console.log(`${packages.length} packages, ${violations.length} imports that do not point down`)
  process.exitCode = packages.length > 0 && violations.length === 0 ? 0 : 1
}
