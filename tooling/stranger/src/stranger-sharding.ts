// Sharded values for those who can do without promises: the leader gives out shards, gossip spreads who has
// them, and frames of our own carry questions and answers. Nothing but membership's public exports is used.
import type { Cluster, Member, NodeKey, ShardAllocation, TopologySnapshot } from '@casty/membership'

/** Frame types from 32 on are free. */
const frameType = 200
const tableName = 'stranger'
/** A question goes on to whom its receiver takes for the owner, so often. */
const maxHops = 3

type Question =
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'put'; readonly key: string; readonly value: string }

/** A value with the node that answered. */
export interface Answer {
  readonly value: string | null
  readonly from: string
}

type Frame =
  | {
      readonly type: 'question'
      readonly id: number
      readonly asker: string
      readonly hops: number
      readonly question: Question
    }
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answer }

export class StrangerSharding implements Disposable {
  readonly #cluster: Cluster
  readonly #numShards: number
  readonly #values = new Map<string, string>()
  readonly #asked = new Map<number, (answer: Answer) => void>()
  readonly #subscriptions: readonly Disposable[]
  #topology: TopologySnapshot | undefined
  #lastId = 0

  /** @param numShards - the same on all nodes */
  constructor(cluster: Cluster, numShards: number) {
    this.#cluster = cluster
    this.#numShards = numShards
    this.#subscriptions = [
      cluster.endpoint.handle(frameType, (_, bytes, start, end) => {
        // Members run the same code.
        this.#received(JSON.parse(new TextDecoder().decode(bytes.subarray(start, end))) as Frame)
      }),
      cluster.subscribeTopology((topology) => {
        this.#topology = topology
        this.#allocate(topology)
      }),
    ]
  }

  async put(key: string, value: string): Promise<Answer> {
    return await this.#ask({ type: 'put', key, value })
  }

  async get(key: string): Promise<Answer> {
    return await this.#ask({ type: 'get', key })
  }

  /** Who has a key, as this node knows; undefined where nobody has yet. */
  ownerOf(key: string): Member | undefined {
    const owner = this.#table.get(this.#shardOf(key))?.primary.key
    return this.#able.find((member) => member.key === owner)
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
  }

  get #table(): ReadonlyMap<number, ShardAllocation> {
    return this.#topology?.shardAllocations.get(tableName) ?? new Map()
  }

  /** Members that can have shards, oldest first. */
  get #able(): readonly Member[] {
    const { members = [], unreachable } = this.#topology ?? {}
    return members.filter(({ status, key }) => status === 'up' && unreachable?.has(key) === false)
  }

  /** The leader gives what nobody able has to those who have least, and evens out. */
  #allocate({ leader, allocationEpoch }: TopologySnapshot): void {
    if (leader?.key !== this.#cluster.self.key) return
    const before = this.#table
    const shardsOf = new Map<NodeKey, number[]>(this.#able.map(({ key }) => [key, []]))
    const homeless: number[] = []
    for (let shard = 0; shard < this.#numShards; shard++) {
      const owner = before.get(shard)?.primary.key
      const shards = owner === undefined ? undefined : shardsOf.get(owner)
      const most = Math.ceil(this.#numShards / shardsOf.size)
      if (shards && shards.length < most) shards.push(shard)
      else homeless.push(shard)
    }
    if (homeless.length === 0) return
    for (const shard of homeless) least(shardsOf).push(shard)
    const owned = this.#able.flatMap(({ node: primary, key }) =>
      (shardsOf.get(key) ?? []).map((shard) => [shard, { primary, replicas: [] }] as const),
    )
    this.#cluster.publishAllocations(tableName, new Map(owned), allocationEpoch + 1)
  }

  /** Resolves with the answer; for as long as there is none, the question waits. */
  #ask(question: Question): Promise<Answer> {
    const id = ++this.#lastId
    const asker = this.#cluster.self.key
    return new Promise((resolve) => {
      this.#asked.set(id, resolve)
      this.#route({ type: 'question', id, asker, hops: 0, question })
    })
  }

  #route(frame: Extract<Frame, { readonly type: 'question' }>): void {
    const owner = this.ownerOf(frame.question.key)
    if (!owner) throw new Error(`Nobody has ${frame.question.key} yet.`)
    if (owner.key === this.#cluster.self.key) this.#answer(frame)
    else if (frame.hops < maxHops) this.#send(owner, { ...frame, hops: frame.hops + 1 })
  }

  #answer({ id, asker, question }: Extract<Frame, { readonly type: 'question' }>): void {
    if (question.type === 'put') this.#values.set(question.key, question.value)
    const value = this.#values.get(question.key) ?? null
    const answer: Frame = { type: 'answer', id, answer: { value, from: this.#cluster.self.key } }
    const to = this.#topology?.members.find(({ key }) => key === asker)
    if (to) this.#send(to, answer)
  }

  #received(frame: Frame): void {
    if (frame.type === 'question') return this.#route(frame)
    this.#asked.get(frame.id)?.(frame.answer)
    this.#asked.delete(frame.id)
  }

  #send({ node }: Member, frame: Frame): void {
    const bytes = new TextEncoder().encode(JSON.stringify(frame))
    this.#cluster.endpoint.send(node, 'data', frameType, bytes)
  }

  #shardOf(key: string): number {
    let hash = 7
    for (const letter of key) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) >>> 0
    return hash % this.#numShards
  }
}

function least(shardsOf: ReadonlyMap<NodeKey, number[]>): number[] {
  const [first = [], ...others] = shardsOf.values()
  return others.reduce((few, shards) => (shards.length < few.length ? shards : few), first)
}
