// A process outside of the cluster that uses its structures.
import { Distributed } from '@casty/ddata'
import { ShardingClient } from '@casty/sharding'
import { outside, OutsideClient } from '../hosting/outside-client.ts'
import { NodeClock } from '../world/node-clock.ts'
import { forkRandom } from '../world/seeds.ts'
import type { StructuresHost } from './host.ts'
import { recordOf } from './record.ts'
import { structuresSettings } from './settings.ts'
import type { StructuresRun } from './structures-run.ts'
import { StructuresUser } from './user.ts'

export class Outsider {
  readonly clock: NodeClock
  readonly #client: OutsideClient<StructuresHost>
  #sharding: ShardingClient | undefined
  #user: StructuresUser | undefined

  constructor(run: StructuresRun) {
    const { numShards, sessionTtlMs, outsideRate } = structuresSettings(run.plan)
    this.clock = new NodeClock(run.world.clock, { rate: outsideRate })
    this.#client = new OutsideClient(run, this.clock)
    const { system } = this.#client
    void this.#client.connect((client) => {
      const sharding = ShardingClient.attach({ client })
      this.#sharding = sharding
      const distributed = new Distributed(
        { system, sharding },
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
    })
  }

  /** Undefined until it has a contact. */
  get user(): StructuresUser | undefined {
    return this.#user
  }

  explain(): string {
    return this.#sharding?.explain().summary ?? `${outside} has no contact`
  }

  /** What still waits here. */
  get leftover(): string | undefined {
    return this.#client.leftover
  }
}
