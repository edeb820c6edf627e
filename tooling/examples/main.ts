// Type-checks and runs every example in the READMEs and doc comments, so that none of them can rot.
// Each is a process of its own, and must end by itself. Closes with `N passed, N failed`.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, posix, relative } from 'node:path'
import { entryPointExports, entryPoints } from '../checks/exports.ts'
import {
  typeScriptFiles,
  workspacePackages,
  workspaceRoot,
  type WorkspacePackage,
} from '../checks/workspace.ts'
import { docExamples, readmeExamples, type Example } from './extract.ts'

/** Seconds, where nothing else runs. */
const timeLimitMs = 180_000
const folder = join(import.meta.dirname, '.generated')

interface Program extends Example {
  /** Absolute: the file that the example was written to. */
  readonly path: string
}

function collect(): readonly Example[] {
  const packages = workspacePackages()
  const readmes = ['README.md', 'ARCHITECTURE.md', 'docs/operating.md', ...packages.map(readmeOf)]
    .filter((file) => existsSync(join(workspaceRoot, file)))
    .flatMap((file) => readmeExamples(file, readFileSync(join(workspaceRoot, file), 'utf8')))
  return [...readmes, ...packages.flatMap(docExamplesOf)]
}

function readmeOf({ folder }: WorkspacePackage): string {
  return relative(workspaceRoot, join(folder, 'README.md'))
}

function docExamplesOf(workspacePackage: WorkspacePackage): readonly Example[] {
  const importable = new Map(
    [workspacePackage, ...dependenciesOf(workspacePackage)].flatMap((found) =>
      entryPoints(found).map((entryPoint) => [
        posix.join(found.name, entryPoint),
        valuesOf(found, entryPoint),
      ]),
    ),
  )
  return typeScriptFiles(join(workspacePackage.folder, 'src')).flatMap((path) =>
    docExamples({
      file: relative(workspaceRoot, path),
      text: readFileSync(path, 'utf8'),
      importable,
    }),
  )
}

function dependenciesOf({ manifest }: WorkspacePackage): readonly WorkspacePackage[] {
  const names = Object.keys(manifest.dependencies ?? {})
  return workspacePackages().filter(({ name }) => names.includes(name))
}

function valuesOf(workspacePackage: WorkspacePackage, entryPoint: string): readonly string[] {
  return entryPointExports(workspacePackage, entryPoint)
    .filter(({ isType }) => !isType)
    .map(({ name }) => name)
}

/** Writes each example to a file named after its origin, in a package that depends on all others. */
function write(examples: readonly Example[]): readonly Program[] {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  return examples.map((example) => {
    const path = join(folder, `${example.origin.replace(/[/\\:]/g, '__')}.ts`)
    writeFileSync(path, example.code)
    return { ...example, path }
  })
}

/** What the type checker says, by generated file. */
function typeErrors(): ReadonlyMap<string, string> {
  const { stdout, status, error } = spawnSync(
    'tsc',
    ['-p', join(import.meta.dirname, 'tsconfig.json')],
    {
      cwd: workspaceRoot,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    },
  )
  if (error) {
    const remedy = 'install with `pnpm install`, and run `pnpm exec node tooling/examples/main.ts`'
    console.error(`The type checker tsc did not start (${error.message}): ${remedy}.`)
    process.exit(2)
  }
  const errors = new Map<string, string>()
  for (const line of stdout.split('\n')) {
    const path = join(workspaceRoot, /^([^(\s]+\.ts)\(\d+,\d+\): error/.exec(line)?.[1] ?? '')
    if (path.startsWith(folder)) errors.set(path, `${errors.get(path) ?? ''}${line}\n`)
  }
  // Errors elsewhere (a package that does not compile) would make every verdict here worthless.
  if (status !== 0 && errors.size === 0) errors.set(folder, stdout)
  return errors
}

/** Runs a program to its end; answers what went wrong, or undefined. */
function run({ path }: Program): Promise<string | undefined> {
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(process.execPath, ['--conditions=@casty/source', path], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeLimitMs,
      killSignal: 'SIGKILL',
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    }
    child.on('error', (error) => resolve(error.message))
    child.on('close', (exitCode, signal) => {
      if (exitCode === 0) resolve(undefined)
      else if (signal) resolve(`did not end by itself within ${timeLimitMs / 1_000} s\n${output}`)
      else resolve(`ended with exit code ${exitCode}\n${output}`)
    })
  })
}

const programs = write(collect())
const errors = typeErrors()
let failed = errors.has(folder) ? 1 : 0
if (failed > 0) console.error(errors.get(folder))
for (const program of programs) {
  const problem = errors.get(program.path) ?? (program.runs ? await run(program) : undefined)
  if (problem === undefined) continue
  failed++
  console.error(`${program.origin}: ${problem.trimEnd()}`)
}
console.log(`${programs.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 && programs.length > 0 ? 0 : 1
