// A process outside of the cluster that uses its structures, on a host of its own that never fails: the ways to it do.
import { ActorSystem } from '@casty/actor'
import { Distributed } from '@casty/ddata'
import { ClusterClient } from '@casty/remote'
import { ShardingClient } from '@casty/sharding'
import { addressOf } from '../world/addresses.ts'
import { NodeClock } from '../world/node-clock.ts'
import { forkRandom } from '../world/seeds.ts'
import { recordOf } from './record.ts'
import { structuresSettings } from './settings.ts'
import type { StructuresRun } from './structures-run.ts'
import { StructuresUser } from './user.ts'

/** No host of any plan has this name. */
export const outside = 'outside'
/** Where no member answered it tries again after so long, in milliseconds. */
const againMs = 1_000

export class Outsider {
  readonly clock: NodeClock
  readonly #run: StructuresRun
  readonly #system: ActorSystem
  #client: ClusterClient | undefined
  #sharding: ShardingClient | undefined
  #user: StructuresUser | undefined

  constructor(run: StructuresRun) {
    this.#run = run
    this.clock = new NodeClock(run.world.clock, { rate: structuresSettings(run.plan).outsideRate })
    const note = (details: object, message: string): void => {
      const error = 'error' in details ? String(details.error) : ''
      run.note(outside, 'log', `${message} ${error}`)
    }
    const logger = { debug: () => {}, info: note, warn: note, error: note }
    const random = forkRandom(run.plan.seed, 'system outside')
    this.#system = new ActorSystem({ clock: this.clock, random, logger })
    void this.#connect()
  }

  /** Undefined until it has a contact. */
  get user(): StructuresUser | undefined {
    return this.#user
  }

  async #connect(): Promise<void> {
    const run = this.#run
    const { network, hosts } = run.world
    try {
      this.#client = await ClusterClient.connect({
        system: this.#system,
        transport: network.transport({ host: outside }),
        contactPoints: hosts.map((host) => addressOf(host).toString()),
        listen: { host: outside, port: addressOf(outside).port, insecure: true },
        random: forkRandom(run.plan.seed, `client at ${run.world.now}`),
        connectTimeoutMs: 3_000,
      })
    } catch (error) {
      run.note(outside, 'log', String(error))
      run.world.clock.schedule(againMs, () => {
        if (!run.isOver) void this.#connect()
      })
      return
    }
    const { numShards, sessionTtlMs } = structuresSettings(run.plan)
    const sharding = ShardingClient.attach({ client: this.#client })
    this.#sharding = sharding
    const distributed = new Distributed(
      { system: this.#system, sharding },
      { numShards, sessionTtlMs, random: forkRandom(run.plan.seed, 'user outside') },
    )
    this.#user = new StructuresUser(run, {
      name: outside,
      host: outside,
      clock: this.clock,
      distributed,
      isAlive: () => true,
    })
    recordOf(run).reach('structures are used from outside')
  }

  explain(): string {
    return this.#sharding?.explain().summary ?? `${outside} has no contact`
  }

  /** What still waits here. */
  get leftover(): string | undefined {
    const asks = this.#client?.remoting.metrics().pendingAsks ?? 0
    return asks > 0 ? `${outside} waits for ${asks} answers` : undefined
  }
}
