import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { apt, canInstall, run } from '../distribution/index.ts'
import { withLock } from '../distribution/lock.ts'

/** The programs of one installed server. */
export interface PostgresPrograms {
  readonly initdb: string
  readonly postgres: string
  /** The user to run them as; undefined for the one who runs this. They refuse to run as root. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined
}

/** Finds the server's programs, installs them if they are not there, or says why that cannot be. */
export async function postgresPrograms(): Promise<PostgresPrograms | { readonly missing: string }> {
  const found = await find()
  if (found) return found
  return await withLock('casty-install-postgresql', async () => (await find()) ?? (await install()))
}

async function find(): Promise<PostgresPrograms | undefined> {
  const folder = folders().find((path) =>
    ['initdb', 'postgres'].every((program) => existsSync(join(path, program))),
  )
  if (folder === undefined) return undefined
  const programs = { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') }
  return { ...programs, user: process.getuid?.() === 0 ? await serverUser() : undefined }
}

/** Debian keeps each release in a folder of its own, off the path; the newest is taken. */
function folders(): readonly string[] {
  const root = '/usr/lib/postgresql'
  const releases = existsSync(root) ? readdirSync(root) : []
  const newestFirst = releases.toSorted((left, right) => Number(right) - Number(left))
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)
  return [...newestFirst.map((release) => join(root, release, 'bin')), ...onPath]
}

/** The packages create a user for the server; elsewhere the one without any rights has to do. */
async function serverUser(): Promise<PostgresPrograms['user']> {
  const [found] = (await Promise.all(['postgres', 'nobody'].map(idsOf))).flat()
  return found
}

async function idsOf(user: string): Promise<readonly { uid: number; gid: number }[]> {
  const [uid, gid] = await Promise.all(['-u', '-g'].map((option) => run('id', [option, user])))
  return uid?.isGood === true ? [{ uid: Number(uid.output), gid: Number(gid?.output) }] : []
}

async function install(): Promise<PostgresPrograms | { readonly missing: string }> {
  if (!(await canInstall())) {
    return { missing: 'there is no PostgreSQL server, and no apt-get to install one' }
  }
  console.log('Installing PostgreSQL from the packages of the distribution …')
  avoidServerOfItsOwn()
  await apt('update') // Lists that are partly out of date are no hindrance by themselves.
  const { isGood, output } = await apt('install', '-y', '--no-install-recommends', 'postgresql')
  if (!isGood) return { missing: `PostgreSQL cannot be installed: ${output.trim().slice(-500)}` }
  return (await find()) ?? { missing: 'PostgreSQL was installed, and is in no known place' }
}

/** The package would create and start a server for the whole machine, on the usual port. */
function avoidServerOfItsOwn(): void {
  const folder = '/etc/postgresql-common'
  if (existsSync(folder) || process.getuid?.() !== 0) return
  mkdirSync(folder)
  writeFileSync(join(folder, 'createcluster.conf'), 'create_main_cluster = false\n')
}
