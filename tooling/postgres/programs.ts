import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { withLock } from './lock.ts'

/** The programs of one installed server. */
export interface PostgresPrograms {
  readonly initdb: string
  readonly postgres: string
  /** The user to run them as; undefined for the one who runs this. They refuse to run as root. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined
}

const installLimitMs = 240_000

/** Finds the server's programs, installs them if they are not there, or says why that cannot be. */
export async function postgresPrograms(): Promise<PostgresPrograms | { readonly missing: string }> {
  const found = find()
  if (found) return found
  return await withLock('casty-install-postgresql', () => find() ?? install())
}

function find(): PostgresPrograms | undefined {
  const folder = folders().find((path) =>
    ['initdb', 'postgres'].every((program) => existsSync(join(path, program))),
  )
  if (folder === undefined) return undefined
  const programs = { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') }
  return { ...programs, user: process.getuid?.() === 0 ? serverUser() : undefined }
}

/** Debian keeps each release in a folder of its own, off the path; the newest is taken. */
function folders(): readonly string[] {
  const root = '/usr/lib/postgresql'
  const releases = existsSync(root) ? readdirSync(root) : []
  const newestFirst = releases.toSorted((left, right) => Number(right) - Number(left))
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)
  return [...newestFirst.map((release) => join(root, release, 'bin')), ...onPath]
}

function serverUser(): PostgresPrograms['user'] {
  const id = (option: string) => Number(run('id', [option, 'postgres']).output)
  return { uid: id('-u'), gid: id('-g') }
}

function install(): PostgresPrograms | { readonly missing: string } {
  const root = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  if (!run('apt-get', ['--version']).isGood)
    return { missing: 'no PostgreSQL server, and no apt-get' }
  console.log('Installing PostgreSQL from the packages of the distribution …')
  avoidServerOfItsOwn()
  const apt = ['apt-get', '-q', '-o', 'DPkg::Lock::Timeout=120']
  const wanted = ['install', '-y', '--no-install-recommends', 'postgresql']
  for (const args of [['update'], wanted]) {
    const [program = '', ...rest] = [...root, ...apt, ...args]
    const { isGood, output } = run(program, rest)
    // Lists of packages that are partly out of date are no hindrance by themselves.
    if (!isGood && args === wanted) {
      return { missing: `PostgreSQL cannot be installed: ${output.trim().slice(-500)}` }
    }
  }
  return find() ?? { missing: 'PostgreSQL was installed, and its programs are in no known place' }
}

/** The package would create and start a server for the whole machine, on the usual port. */
function avoidServerOfItsOwn(): void {
  const folder = '/etc/postgresql-common'
  if (existsSync(folder) || process.getuid?.() !== 0) return
  run('mkdir', ['-p', folder])
  writeFileSync(join(folder, 'createcluster.conf'), 'create_main_cluster = false\n')
}

function run(program: string, args: readonly string[]): { isGood: boolean; output: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: installLimitMs,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
  })
  return { isGood: status === 0, output: error ? error.message : `${stdout}${stderr}` }
}
