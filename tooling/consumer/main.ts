// Is a user able to install only what is needed? Installs two packages from their tarballs into an
// empty project outside the workspace, looks at what arrived, compiles a program there and runs it.
import { copyFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { workspacePackages, workspaceRoot } from '../checks/workspace.ts'
import { packedPackages } from '../pack.ts'
import { withOldestNode } from './oldest-node.ts'
import { createProject, type Project } from './project.ts'
import { serveTarballs } from './registry.ts'

const wanted = ['@casty/membership', '@casty/transport-tcp']

/** What is proven, in order: each step needs the ones before it. */
const proofs: Readonly<Record<string, (project: Project) => void | Promise<void>>> = {
  'the two packages install': (project) =>
    project.run('npm', ['install', '--no-audit', '--no-fund', '--cache', '.npm-cache', ...wanted]),
  'with their dependencies and nothing else': checkInstalled,
  'their types compile, declarations of libraries included': compile,
  'a cluster of two processes forms and parts': (project) =>
    project.run(process.execPath, ['two-nodes.js']),
  // Fetching that Node takes a while, so a working machine is spared it.
  ...(process.env['CI'] && {
    'the same on the oldest Node that is supported': (project) =>
      withOldestNode((node) => project.run(node, ['two-nodes.js'])),
  }),
}

/** Exactly the wanted packages and what they depend on, and no package of anyone else. */
function checkInstalled({ folder }: Project): void {
  const modules = join(folder, 'node_modules')
  const found = readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@')
        ? readdirSync(join(modules, name)).map((part) => `${name}/${part}`)
        : name,
    )
  const expected = [...closureOf(wanted)]
  if (found.toSorted().join() !== expected.toSorted().join()) {
    throw new Error(
      `Installed were ${found.join(', ')}; ${wanted.join(' and ')} need ${expected.join(', ')}.`,
    )
  }
}

function closureOf(names: readonly string[]): ReadonlySet<string> {
  const manifests = new Map(workspacePackages().map(({ name, manifest }) => [name, manifest]))
  const closure = new Set<string>()
  const visit = (name: string) => {
    closure.add(name)
    Object.keys(manifests.get(name)?.dependencies ?? {}).forEach(visit)
  }
  names.forEach(visit)
  return closure
}

/** Compiles with the strictest reading of the published types: `skipLibCheck` is off. */
async function compile(project: Project): Promise<void> {
  copyFileSync(join(import.meta.dirname, 'two-nodes.ts'), join(project.folder, 'two-nodes.ts'))
  project.writeJson('tsconfig.json', {
    compilerOptions: {
      target: 'es2023',
      lib: ['es2023', 'esnext.disposable'],
      module: 'nodenext',
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmitOnError: true,
      skipLibCheck: false,
      types: ['node'],
      typeRoots: [join(workspaceRoot, 'node_modules/@types')],
    },
    files: ['two-nodes.ts'],
  })
  await project.run(join(workspaceRoot, 'node_modules/.bin/tsc'), ['-p', '.'])
}

using packed = packedPackages()
await using registry = await serveTarballs(packed)
using project = createProject(`registry=${registry.url}\n`)
let passed = 0
let failed = 0
for (const [name, prove] of Object.entries(proofs)) {
  try {
    await prove(project)
    console.log(`✓ ${name}`)
    passed++
  } catch (error) {
    console.error(`✗ ${name}: ${error instanceof Error ? error.message : String(error)}`)
    failed++
    break
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
