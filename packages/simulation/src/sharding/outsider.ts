// A process outside of the cluster that sends to its entities.
import type { ClusterClient } from '@casty/remote'
import { ShardingClient } from '@casty/sharding'
import { cutOutside, outside, OutsideClient } from '../hosting/outside-client.ts'
import { defineAction } from '../run/action.ts'
import { drawLogarithmic, drawOne } from '../world/seeds.ts'
import type { ClientLetter } from './entities.ts'
import type { ShardingHost } from './host.ts'
import { recordOf, typeNames, type TypeName } from './record.ts'
import { Sender, type Regions } from './sender.ts'
import { entityIds, shardingSettings } from './settings.ts'
import type { ShardingAction, ShardingRun, ShardingWatcher } from './sharding-run.ts'

export class Outsider {
  readonly #run: ShardingRun
  readonly #client: OutsideClient<ShardingHost>
  #sharding: ShardingClient | undefined
  #sender: Sender | undefined

  constructor(run: ShardingRun) {
    const record = recordOf(run)
    this.#run = run
    this.#client = new OutsideClient(run, run.world.clock)
    this.#client.system.subscribe((event) => {
      if (event.type !== 'dead-letter') return
      record.deadLetter(outside, event.deadLetter.message, event.deadLetter.reason)
    })
    void this.#client.connect((client) => this.#attach(client))
  }

  /** Undefined until it has a contact. */
  get sender(): Sender | undefined {
    return this.#sender
  }

  #attach(client: ClusterClient): void {
    const run = this.#run
    const record = recordOf(run)
    client.remoting.subscribe(({ type }) => {
      if (type === 'gap' || type === 'malformed') record.lost()
    })
    const { numShards, bufferTimeoutMs } = shardingSettings(run.plan)
    const sharding = ShardingClient.attach({ client, limits: { bufferTimeoutMs } })
    this.#sharding = sharding
    const start = (name: TypeName): Regions[TypeName] =>
      sharding.startProxy<ClientLetter>({ name, numShards })
    const regions = { ledger: start('ledger'), copied: start('copied'), tally: start('tally') }
    const { world } = run
    const now = (): number => world.now
    const port = { host: outside, name: outside, clock: world.clock, isAlive: () => true, now }
    this.#sender = new Sender(run, port, regions)
    record.reach('entities are reached from outside')
  }

  /** What still waits here. */
  get leftover(): string | undefined {
    const waiting = (this.#sharding?.regions ?? []).reduce(
      (sum, region) => sum + region.statistics().waiting,
      0,
    )
    if (this.#client.leftover !== undefined) return this.#client.leftover
    return waiting > 0 ? `${outside} keeps ${waiting} messages` : undefined
  }

  explain(): string {
    return this.#sharding?.explain().summary ?? `${outside} has no contact`
  }
}

export function hasOutsider({ plan }: ShardingRun): boolean {
  return shardingSettings(plan).hasOutsider
}

/** It begins with the first process. */
export function startOutsider(run: ShardingRun): ShardingWatcher {
  const record = recordOf(run)
  return {
    started() {
      if (hasOutsider(run)) record.outsider ??= new Outsider(run)
    },
  }
}

export const outsideActions: readonly ShardingAction[] = [
  defineAction({
    type: 'talk-outside',
    kind: 'workload',
    weight: 40,
    draw: (random) => ({
      type: drawOne(random, typeNames),
      entity: random(),
      times: drawLogarithmic(random, 1, 40),
      everyMs: drawLogarithmic(random, 1, 400),
      isRead: random() < 0.2,
      isAsk: random() < 0.7,
      timeoutMs: drawOne(random, [500, 3_000, 8_000]),
    }),
    perform: (run, { type, entity, times, everyMs, ...options }) => {
      const ids = entityIds(run)
      const id = ids[Math.floor(entity * ids.length)] ?? 'e1'
      for (let turn = 0; turn < times; turn++) {
        run.later(turn * everyMs, () => {
          void recordOf(run).outsider?.sender?.send(type, id, { ...options, workMs: 0 })
        })
      }
    },
  }),
  cutOutside(3, 0.3, hasOutsider),
]
