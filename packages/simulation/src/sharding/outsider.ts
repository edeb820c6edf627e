// A process outside of the cluster that sends to its entities, on a host of its own that never fails: the ways to it do.
import { ActorSystem } from '@casty/actor'
import { ClusterClient } from '@casty/remote'
import { ShardingClient } from '@casty/sharding'
import { disturb } from '../faults/network-faults.ts'
import { defineAction } from '../run/action.ts'
import { addressOf } from '../world/addresses.ts'
import { drawLogarithmic, drawOne, forkRandom } from '../world/seeds.ts'
import type { ClientLetter } from './entities.ts'
import { recordOf, typeNames, type TypeName } from './record.ts'
import { Sender, type Regions } from './sender.ts'
import { entityIds, shardingSettings } from './settings.ts'
import type { ShardingAction, ShardingRun, ShardingWatcher } from './sharding-run.ts'

/** No host of any plan has this name. */
export const outside = 'outside'
/** Where no member answered it tries again after so long, in milliseconds. */
const againMs = 1_000

export class Outsider {
  readonly #run: ShardingRun
  readonly #system: ActorSystem
  #client: ClusterClient | undefined
  #sharding: ShardingClient | undefined
  #sender: Sender | undefined

  constructor(run: ShardingRun) {
    const { clock } = run.world
    const record = recordOf(run)
    this.#run = run
    const note = (details: object, message: string): void => {
      const error = 'error' in details ? String(details.error) : ''
      run.note(outside, 'log', `${message} ${error}`)
    }
    const logger = { debug: () => {}, info: note, warn: note, error: note }
    const random = forkRandom(run.plan.seed, 'system outside')
    this.#system = new ActorSystem({ clock, random, logger })
    this.#system.subscribe((event) => {
      if (event.type !== 'dead-letter') return
      record.deadLetter(outside, event.deadLetter.message, event.deadLetter.reason)
    })
    void this.#connect()
  }

  /** Undefined until it has a contact. */
  get sender(): Sender | undefined {
    return this.#sender
  }

  async #connect(): Promise<void> {
    const run = this.#run
    const { network, hosts, clock } = run.world
    try {
      this.#client = await ClusterClient.connect({
        system: this.#system,
        transport: network.transport({ host: outside }),
        contactPoints: hosts.map((host) => addressOf(host).toString()),
        listen: { host: outside, port: addressOf(outside).port, insecure: true },
        random: forkRandom(run.plan.seed, `client at ${clock.now()}`),
        connectTimeoutMs: 3_000,
      })
    } catch (error) {
      run.note(outside, 'log', String(error))
      clock.schedule(againMs, () => {
        if (!run.isOver) void this.#connect()
      })
      return
    }
    this.#attach(this.#client)
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
    const asks = this.#client?.remoting.metrics().pendingAsks ?? 0
    if (asks > 0) return `${outside} waits for ${asks} answers`
    const waiting = (this.#sharding?.regions ?? []).reduce(
      (sum, region) => sum + region.statistics().waiting,
      0,
    )
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
  defineAction({
    type: 'cut-outside',
    kind: 'fault',
    weight: 3,
    draw: (random, hosts) => ({
      // Of all hosts, or of one.
      host: drawOne(random, hosts),
      ofAll: random() < 0.3,
      way: drawOne(random, ['to', 'from', 'both'] as const),
      mode: drawOne(random, ['silent', 'hold', 'reset'] as const),
      forMs: drawLogarithmic(random, 200, 12_000),
    }),
    perform: (run, { host, ofAll, way, mode, forMs }) => {
      if (!hasOutsider(run)) return
      const links = (ofAll ? run.world.hosts : [host]).flatMap((one) => [
        ...(way === 'from' ? [] : [{ from: outside, to: one }]),
        ...(way === 'to' ? [] : [{ from: one, to: outside }]),
      ])
      disturb(run, links, { type: 'cut', mode }, forMs)
    },
  }),
]
