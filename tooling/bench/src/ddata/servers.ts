// Servers to be compared with: programs of the distribution, installed where they are missing and that can be done, on a
// port of loopback that is free, in a temporary folder. A server ends with the process that started it.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

export type ServerKind = 'redis' | 'redis-synced' | 'etcd'

interface Recipe {
  readonly program: string
  readonly package: string
  /** @param spare - a second port, for what nobody uses here */
  readonly args: (port: number, spare: number, folder: string) => readonly string[]
}

const redis = (port: number, folder: string): readonly string[] => [
  '--port',
  String(port),
  '--bind',
  '127.0.0.1',
  '--dir',
  folder,
  '--save',
  '',
  '--daemonize',
  'no',
]

const recipes: Readonly<Record<ServerKind, Recipe>> = {
  redis: {
    program: 'redis-server',
    package: 'redis-server',
    args: (port, _spare, folder) => [...redis(port, folder), '--appendonly', 'no'],
  },
  'redis-synced': {
    program: 'redis-server',
    package: 'redis-server',
    args: (port, _spare, folder) => [
      ...redis(port, folder),
      '--appendonly',
      'yes',
      '--appendfsync',
      'always',
    ],
  },
  etcd: {
    program: 'etcd',
    package: 'etcd-server',
    args: (port, spare, folder) =>
      ['client', 'peer']
        .flatMap((who, index) => {
          const url = `http://127.0.0.1:${index === 0 ? port : spare}`
          const advertised = who === 'peer' ? 'initial-advertise-peer' : 'advertise-client'
          return [`--listen-${who}-urls`, url, `--${advertised}-urls`, url]
        })
        .concat(
          '--initial-cluster',
          `default=http://127.0.0.1:${spare}`,
          '--data-dir',
          folder,
          '--log-level',
          'error',
        ),
  },
}

/** Ends the server when the pipe that is its input closes: when this process has gone, however it went. */
const watchdog = `exec 3<&0
"$0" "$@" </dev/null 3<&- & server=$!
{ cat <&3 >/dev/null; kill -TERM $server; } 2>/dev/null & watcher=$!
wait $server
kill $watcher 2>/dev/null`

const installLimitMs = 240_000
const startLimitMs = 30_000

export class Server implements AsyncDisposable {
  readonly port: number
  readonly #child: ChildProcess
  readonly #folder: string

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.port = port
    this.#child = child
    this.#folder = folder
  }

  /** Or says why there is none. */
  static async start(kind: ServerKind): Promise<Server | { readonly missing: string }> {
    const recipe = recipes[kind]
    const program = find(recipe.program) ?? (await installed(recipe))
    if (typeof program !== 'string') return program
    const folder = await mkdtemp(join(tmpdir(), `casty-bench-${kind}-`))
    const [port, spare] = await freePorts()
    const args = ['-c', watchdog, program, ...recipe.args(port, spare, folder)]
    const child = spawn('/bin/sh', args, { cwd: folder, stdio: ['pipe', 'ignore', 'ignore'] })
    const server = new Server(port, child, folder)
    if (await server.#answers()) return server
    await server[Symbol.asyncDispose]()
    return { missing: `${recipe.program} does not start` }
  }

  async #answers(): Promise<boolean> {
    const giveUpAt = performance.now() + startLimitMs
    while (this.#child.exitCode === null && performance.now() < giveUpAt) {
      const socket = connect(this.port, '127.0.0.1')
      const isThere = await once(socket, 'connect').then(
        () => true,
        () => false,
      )
      socket.destroy()
      if (isThere) return true
      await pause(50)
    }
    return false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end()
    if (this.#child.exitCode === null) await once(this.#child, 'exit')
    await rm(this.#folder, { recursive: true, force: true })
  }
}

function find(program: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).concat('/usr/bin', '/usr/sbin')
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path))
}

/** By the packages of the distribution, as root; no server of the whole machine is to be started by that. */
async function installed(recipe: Recipe): Promise<string | { readonly missing: string }> {
  if (process.getuid?.() !== 0 || find('apt-get') === undefined) {
    return { missing: `there is no ${recipe.program} (package ${recipe.package})` }
  }
  await apt('update')
  const problem = await apt('install', '-y', '--no-install-recommends', recipe.package)
  return (
    find(recipe.program) ?? { missing: `${recipe.package} cannot be installed: ${problem ?? ''}` }
  )
}

/** @returns what went wrong */
function apt(...args: readonly string[]): Promise<string | undefined> {
  // Of runlevel 1, packages start no services.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C', RUNLEVEL: '1' }
  const all = ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args]
  return new Promise((resolve) => {
    execFile('apt-get', all, { timeout: installLimitMs, env }, (error, _out, said) =>
      resolve(error ? said.trim().slice(-300) : undefined),
    )
  })
}

/** Two that nobody has now: these servers have no way to tell which port the system picked. */
async function freePorts(): Promise<readonly [number, number]> {
  const servers = [createServer(), createServer()]
  await Promise.all(
    servers.map(async (server) => await once(server.listen(0, '127.0.0.1'), 'listening')),
  )
  const [first = 0, second = 0] = servers.map((server) => {
    const bound = server.address()
    return typeof bound === 'object' && bound !== null ? bound.port : 0
  })
  for (const server of servers) server.close()
  return [first, second]
}
