import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startChild, type Child } from './child.ts'
import type { Figures, Keeping, Times } from './messages.ts'

/** What came of a measurement in all processes that took part. */
export interface FleetFigures extends Figures {
  /** Of a processor, for each call, by the user and by those who keep structures, in microseconds. */
  readonly userMicros: number
  readonly hostMicros: number
}

/** Until copies are where they belong, so that nothing of that is measured. */
const settleMs = 3_000

/** Nodes that keep structures, and one that keeps none and uses them. */
export class Fleet implements AsyncDisposable {
  readonly hosts: readonly Child[]
  readonly user: Child
  readonly #directory: string

  private constructor(hosts: readonly Child[], user: Child, directory: string) {
    this.hosts = hosts
    this.user = user
    this.#directory = directory
  }

  static async start(keeping: Keeping): Promise<Fleet> {
    const size = keeping === 'three copies' ? 3 : 1
    const directory = await mkdtemp(join(tmpdir(), 'casty-bench-ddata-'))
    const children = await Promise.all(
      Array.from({ length: size + 1 }, async () => await startChild('node.program.ts')),
    )
    const [user, ...hosts] = children
    if (!user) throw new Error('There is no user.')
    const fleet = new Fleet(hosts, user, directory)
    const contacts: string[] = []
    for (const [index, child] of [...hosts, user].entries()) {
      const { address } = await child.ask(
        {
          type: 'start-node',
          contacts: contacts.slice(0, 1),
          keeping,
          hosts: child !== user,
          nodes: size + 1,
          journalDirectory: join(directory, String(index)),
        },
        'started',
      )
      contacts.push(address)
    }
    await pause(settleMs)
    return fleet
  }

  async run(operation: string, inFlight: number, times: Times): Promise<FleetFigures> {
    const [user, hosts] = [await this.#used([this.user]), await this.#used(this.hosts)]
    const beganAt = performance.now()
    const figures = await this.user.ask({ type: 'run', operation, inFlight, times }, 'ran')
    const calls = (figures.perSecond * (performance.now() - beganAt)) / 1_000
    return {
      ...figures,
      userMicros: ((await this.#used([this.user])) - user) / calls,
      hostMicros: ((await this.#used(this.hosts)) - hosts) / calls,
    }
  }

  async #used(children: readonly Child[]): Promise<number> {
    const uses = await Promise.all(
      children.map(async (child) => await child.ask({ type: 'use', collects: false }, 'use')),
    )
    return uses.reduce((sum, { processorMicros }) => sum + processorMicros, 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.user.end(), ...this.hosts.map(async (host) => await host.end())])
    await rm(this.#directory, { recursive: true, force: true })
  }
}
