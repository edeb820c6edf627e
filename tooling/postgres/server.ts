import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import type { PostgresPrograms } from './programs.ts'

/** How to connect; what is not given is the superuser, over the socket. */
export interface ConnectionTarget {
  readonly user?: string
  readonly password?: string
  readonly database?: string
  readonly host?: string
  readonly port?: number
}

const superuser = 'casty'
const password = 'p%ss/w@rd' // Whoever builds a connection string of it has to escape it.
const port = 5_432 // Part of the socket's name; each server has a folder of its own.

/**
 * Runs the server as a child, ends when it ends, and ends it when this process has gone: then the pipe
 * that is its input closes.
 */
const watchdog = `exec 3<&0
"$0" "$@" </dev/null 3<&- & server=$!
{ cat <&3 >/dev/null; kill -QUIT $server; } 2>/dev/null & watcher=$!
wait $server
kill $watcher`

/** A server in a temporary folder. Disposal ends it and removes the folder. */
export class PostgresServer implements AsyncDisposable {
  readonly #programs: PostgresPrograms
  readonly #folder: string
  readonly #settings: Readonly<Record<string, string>>
  #watchdog: ChildProcess | undefined

  private constructor(
    programs: PostgresPrograms,
    folder: string,
    settings: Readonly<Record<string, string>>,
  ) {
    this.#programs = programs
    this.#folder = folder
    this.#settings = settings
  }

  /** @param settings - of postgresql.conf */
  static async start(
    programs: PostgresPrograms,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'casty-pg-'))
    const server = new PostgresServer(programs, folder, settings)
    try {
      server.#createCluster()
      await server.startAgain()
      return server
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
  }

  get socketPath(): string {
    return join(this.#folder, `.s.PGSQL.${port}`)
  }

  connectionString(target: ConnectionTarget = {}): string {
    const { user = superuser, database = 'postgres', host = this.#folder } = target
    const login = `${encodeURIComponent(user)}:${encodeURIComponent(target.password ?? password)}`
    const place = `host=${encodeURIComponent(host)}&port=${target.port ?? port}`
    return `postgresql://${login}@/${database}?${place}`
  }

  /** Starts it after `kill`; resolves when it takes connections. */
  async startAgain(): Promise<void> {
    for (let tries = 1; ; tries++) {
      const problem = await this.#launch()
      if (problem === undefined) return
      // Processes of a killed server may hold on to its memory for a moment.
      if (!/shared memory|lock file/.test(problem) || tries >= 50) throw new Error(problem)
    }
  }

  /** Kills all of its processes at once: nothing is flushed, and nobody is told. */
  async kill(): Promise<void> {
    this.pause() // So that it starts no others meanwhile.
    const pids = this.#pids()
    for (const pid of pids) signal(pid, 'SIGKILL')
    await this.#ended()
    while (pids.some(isRunning)) await setTimeout(5)
  }

  /** Stops all of its processes: it accepts connections, as the system does that for it, and is silent. */
  pause(): void {
    for (const pid of this.#pids()) signal(pid, 'SIGSTOP')
  }

  resume(): void {
    for (const pid of this.#pids()) signal(pid, 'SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.resume()
    await this.#ended()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  get #data(): string {
    return join(this.#folder, 'data')
  }

  #createCluster(): void {
    const { user } = this.#programs
    const passwordFile = join(this.#folder, 'password')
    writeFileSync(passwordFile, password)
    for (const path of [this.#folder, passwordFile]) if (user) chownSync(path, user.uid, user.gid)
    const { status, stderr } = spawnSync(
      this.#programs.initdb,
      [
        `--pgdata=${this.#data}`,
        `--username=${superuser}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
      ],
      { encoding: 'utf8', cwd: this.#folder, ...user },
    )
    if (status !== 0) throw new Error(`initdb failed: ${stderr}`)
  }

  /** Resolves with what it said if it did not come up. */
  async #launch(): Promise<string | undefined> {
    const { postgres, user } = this.#programs
    // What the system has taken survives the death of its writer: no need to wait for the disk.
    const settings = { listen_addresses: '', port: String(port), fsync: 'off', ...this.#settings }
    const options = Object.entries({ ...settings, unix_socket_directories: this.#folder }).flatMap(
      ([name, value]) => ['-c', `${name}=${value}`],
    )
    const child = spawn('/bin/sh', ['-c', watchdog, postgres, '-D', this.#data, ...options], {
      cwd: this.#folder,
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
      ...user,
    })
    this.#watchdog = child
    const said: string[] = []
    let isReady = false
    for await (const line of createInterface({ input: child.stderr })) {
      isReady = /ready to accept connections/.test(line)
      if (isReady) break
      said.push(line)
    }
    child.stderr.resume() // Whatever it writes from here on is nobody's, and must not hold it up.
    return isReady ? undefined : `PostgreSQL did not start:\n${said.join('\n')}`
  }

  async #ended(): Promise<void> {
    const child = this.#watchdog
    if (child === undefined) return
    this.#watchdog = undefined
    child.stdin?.end()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }

  /** The server's process and those it has started. */
  #pids(): readonly number[] {
    const main = this.#mainPid()
    if (main === undefined) return []
    return [main, ...processes().flatMap(({ pid, parent }) => (parent === main ? pid : []))]
  }

  #mainPid(): number | undefined {
    if (this.#watchdog === undefined) return undefined
    try {
      return Number(readFileSync(join(this.#data, 'postmaster.pid'), 'utf8').split('\n', 1)[0])
    } catch {
      return undefined // It is not running.
    }
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended meanwhile.
  }
}

function isRunning(pid: number): boolean {
  const state = processOf(String(pid))?.state
  return state !== undefined && state !== 'Z'
}

/** All processes of the machine. */
function processes(): readonly Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(name) ?? [])
}

interface Process {
  readonly pid: number
  readonly parent: number
  /** As Linux tells it: Z for one that has ended, and whose parent has not asked how. */
  readonly state: string
}

function processOf(name: string): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
    const [state = '', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { pid: Number(name), parent: Number(parent), state }
  } catch {
    return undefined // It has ended meanwhile.
  }
}
