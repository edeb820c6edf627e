import { startChild, type Child } from './child.ts'
import type { Figures, Rival, Times } from './messages.ts'
import { Server, type ServerKind } from './servers.ts'

/** With what ours is compared: a server, and how it is used from Node. */
export type Subject = 'redis' | 'redis-synced' | 'redis-pipelined' | 'redlock' | 'bullmq' | 'etcd'

const uses: Readonly<Record<Subject, readonly [ServerKind, Rival]>> = {
  redis: ['redis', 'redis'],
  'redis-synced': ['redis-synced', 'redis'],
  'redis-pipelined': ['redis', 'redis-pipelined'],
  redlock: ['redis', 'redlock'],
  bullmq: ['redis', 'bullmq'],
  etcd: ['etcd', 'etcd'],
}

/** All that can be had here, each used by a process of its own. */
export class Rivals implements AsyncDisposable {
  /** Why some are missing. */
  readonly missing: string[] = []
  readonly #users = new Map<Subject, Child>()
  readonly #running = new AsyncDisposableStack()

  private constructor() {}

  static async start(): Promise<Rivals> {
    const rivals = new Rivals()
    const ports = new Map<ServerKind, number>()
    for (const kind of new Set(Object.values(uses).map(([server]) => server))) {
      const server = await Server.start(kind)
      if ('missing' in server) rivals.missing.push(`Without ${kind}: ${server.missing}.`)
      else ports.set(kind, rivals.#running.use(server).port)
    }
    // The keys of a record by Subject are the subjects.
    for (const subject of Object.keys(uses) as Subject[]) {
      const [server, rival] = uses[subject]
      const port = ports.get(server)
      if (port === undefined) continue
      const user = rivals.#running.use(await startChild('rival.program.ts'))
      await user.ask({ type: 'start-rival', rival, port }, 'started')
      rivals.#users.set(subject, user)
    }
    return rivals
  }

  has(subject: Subject): boolean {
    return this.#users.has(subject)
  }

  async measure(
    subject: Subject,
    operation: string,
    inFlight: number,
    times: Times,
  ): Promise<Figures> {
    const user = this.#users.get(subject)
    if (!user) throw new Error(`There is no ${subject}.`)
    return await user.ask({ type: 'run', operation, inFlight, times }, 'ran')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.disposeAsync()
  }
}
