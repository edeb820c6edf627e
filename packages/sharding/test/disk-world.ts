// Entities whose events are kept on the disks of several nodes, which can be stopped, started and lose their disks.
import type { ActorRef } from '@casty/actor'
import { eventSourced, inMemoryJournal, type InMemoryJournal } from '@casty/persistence'
import type { EntityRegion, EntityType, ReplicationConfig } from '@casty/sharding'
import { ShardingWorld, type NodeOptions, type ShardingNode } from './sharding-world.ts'

interface Add {
  readonly amount: number
  readonly replyTo: ActorRef<number>
}

export const ids = Array.from({ length: 12 }, (_, index) => `e${index}`)

/** Nodes, each with a disk that outlives its process. */
export class DiskWorld implements AsyncDisposable {
  readonly world = new ShardingWorld()
  readonly #disks = new Map<string, InMemoryJournal>()
  readonly #regions = new Map<string, EntityRegion<Add>>()
  readonly #replication: ReplicationConfig
  readonly #numShards: number

  constructor(replication: ReplicationConfig = { replicas: 1 }, numShards = 6) {
    this.#replication = replication
    this.#numShards = numShards
  }

  diskOf(host: string): InMemoryJournal {
    const known = this.#disks.get(host)
    if (known) return known
    const disk = inMemoryJournal({ clock: this.world.clock })
    this.#disks.set(host, disk)
    return disk
  }

  loseDisk(host: string): void {
    this.#disks.delete(host)
  }

  async start(hosts: string, options?: NodeOptions): Promise<void> {
    for (const host of hosts.split(' ')) {
      const node = await this.world.start(host, options)
      this.#begin(node)
    }
  }

  #begin({ host, sharding }: ShardingNode): void {
    this.#regions.set(host, sharding.start(this.#typeOn(this.diskOf(host).open())))
  }

  #typeOn(disk: InMemoryJournal): EntityType<Add> {
    return {
      name: 'counter',
      numShards: this.#numShards,
      journal: disk,
      replication: this.#replication,
      entity: ({ entityId, journal }) => {
        if (!journal) throw new Error('Where events are replicated, there is a journal')
        return eventSourced<Add, number, number>({
          id: entityId,
          journal,
          initialState: 0,
          onCommand: (_total, { amount, replyTo }, { effects }) =>
            effects.persist(amount).thenReply(replyTo, (total) => total),
          onEvent: (total, amount) => total + amount,
        })
      },
    }
  }

  region(host: string): EntityRegion<Add> {
    const region = this.#regions.get(host)
    if (!region) throw new Error(`No region at ${host}`)
    return region
  }

  async add(host: string, timeoutMs?: number): Promise<readonly number[]> {
    return await this.#ask(host, 1, timeoutMs)
  }

  /** Writes, too, and changes nothing. */
  async read(host: string, timeoutMs?: number): Promise<readonly number[]> {
    return await this.#ask(host, 0, timeoutMs)
  }

  /** Of one id alone. */
  async addTo(host: string, id: string, timeoutMs = 30_000): Promise<number> {
    const message = (replyTo: ActorRef<number>): Add => ({ amount: 1, replyTo })
    return await this.world.settled(
      this.region(host).ask<number>(id, message, { timeoutMs }),
      60_000,
    )
  }

  async #ask(host: string, amount: number, timeoutMs = 30_000): Promise<readonly number[]> {
    const region = this.region(host)
    const asked = ids.map(async (id) =>
      region.ask<number>(id, (replyTo) => ({ amount, replyTo }), { timeoutMs }),
    )
    return await this.world.settled(Promise.all(asked), 60_000)
  }

  /** All processes end at once. */
  async blackOut(): Promise<void> {
    for (const { host } of this.world.nodes) await this.world.kill(host)
    await this.world.settle(1_000)
  }

  /** Until the cluster gives out what it can. */
  async settle(ms = 3_000): Promise<void> {
    await this.world.settle(ms)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]()
  }
}

/** What all ids answer that were added to so often. */
export const all = (total: number): readonly number[] => ids.map(() => total)
