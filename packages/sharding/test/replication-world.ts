// An owner and replicas of one shard, without nodes: what they send is delivered, lost or late as the test says.
import { NodeAddress, NodeIdentity, type NodeKey } from '@casty/transport'
import type { JournalLimits } from '@casty/persistence'
import { checkedLimits } from '@casty/persistence'
import { ShardCopies } from '../src/replication/copies.ts'
import { CopyRoom } from '../src/replication/copy-room.ts'
import type { ReplicaAnswer, ReplicaRequest } from '../src/replication/messages.ts'
import { Replica } from '../src/replication/replica.ts'
import {
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
} from '../src/replication/replication-codec.ts'
import { ReplicatedJournal } from '../src/replication/replicated-journal.ts'
import { ReplicatedShard } from '../src/replication/replicated-shard.ts'

export interface CopyNode {
  readonly node: NodeIdentity
  readonly room: CopyRoom
  readonly copies: ShardCopies
  readonly replica: Replica
  owned: ReplicatedShard | undefined
  isAlive: boolean
}

export const limits: JournalLimits = checkedLimits({
  maxRecordBytes: 200_000,
  maxBatchBytes: 200_000,
  maxBatchEvents: 2_000,
})

interface Flight {
  readonly from: string
  readonly to: string
  readonly deliver: () => void
}

/** Links are ordered; of what is on its way, the world delivers or loses what the test says. */
export class ReplicationWorld {
  now = 0
  readonly nodes: readonly CopyNode[]
  readonly flights: Flight[] = []

  readonly minAcks: number
  readonly replicas: number
  /** Nodes that are about to leave. */
  readonly leaving = new Set<NodeKey>()
  /** What owners told of replicas. */
  readonly told: {
    readonly epoch: number
    readonly replicas: string
    readonly superfluous: string
  }[] = []
  /** Where there was no room. */
  readonly noRoom: ('owner' | 'replica')[] = []
  /** Frames with operations that were sent. */
  framesSent = 0
  /** Pieces of whole copies that were. */
  piecesSent = 0
  /** Words that were asked for. */
  checksSent = 0
  /** Whether turns end as soon as something is asked for at their end. */
  isImmediate = true
  #endings: (() => void)[] = []

  constructor(count: number, minAcks = 1, { maxBytes = 1_000_000_000, replicas = count - 1 } = {}) {
    this.minAcks = minAcks
    this.replicas = replicas
    this.nodes = Array.from({ length: count }, (_, index) => {
      const room = new CopyRoom(maxBytes)
      const copies = new ShardCopies(room)
      return {
        node: NodeIdentity.of(NodeAddress.of(`n${index}`, 1), 1),
        room,
        copies,
        replica: new Replica(copies),
        owned: undefined,
        isAlive: true,
      }
    })
  }

  at(index: number): CopyNode {
    const node = this.nodes[index]
    if (!node) throw new RangeError(`No node ${index}`)
    return node
  }

  /** Begins an epoch: that node has the shard, and the others keep copies. */
  own(index: number, epoch: number): ReplicatedShard {
    const owner = this.at(index)
    const settings = {
      replicas: this.replicas,
      minAcks: this.minAcks,
      ackTimeoutMs: 1_000,
      ownAck: true,
      batchBytes: 200_000,
    }
    owner.owned = new ReplicatedShard(epoch, owner.copies, settings, {
      send: (to, request) => {
        for (const node of to) this.#send(owner, node, epoch, request)
      },
      isReachable: (node) => this.nodes.some((one) => one.isAlive && one.node.equals(node)),
      stays: (node) => !this.leaving.has(node.key),
      fenced: () => {},
      replicated: (replicas, superfluous) => {
        this.told.push({ epoch, replicas: names(replicas), superfluous: names(superfluous) })
      },
      contested: () => {},
      mayBeElsewhere: () => false,
      noRoom: (at) => this.noRoom.push(at),
      atEndOfTurn: (callback) => this.#atEndOfTurn(callback),
    })
    owner.owned.follow(this.#others(owner), this.now)
    return owner.owned
  }

  #atEndOfTurn(callback: () => void): void {
    if (this.isImmediate) callback()
    else this.#endings.push(callback)
  }

  endTurn(): void {
    const endings = this.#endings
    this.#endings = []
    for (const end of endings) end()
  }

  #others(owner: CopyNode): readonly NodeIdentity[] {
    return this.nodes.filter((one) => one !== owner).map(({ node }) => node)
  }

  kill(index: number): void {
    this.at(index).isAlive = false
    for (const one of this.nodes) {
      if (one.isAlive) one.owned?.follow(this.#others(one), this.now)
    }
  }

  journal(shard: ReplicatedShard): ReplicatedJournal {
    return new ReplicatedJournal(shard, limits, {
      now: () => this.now,
      deadlineMoved: () => {},
      timedOut: () => {},
    })
  }

  #send(owner: CopyNode, to: NodeIdentity, epoch: number, request: ReplicaRequest): void {
    const target = this.nodes.find(({ node }) => node.equals(to))
    if (!target) return
    if (request.type === 'replicate-events') this.framesSent++
    if (request.type === 'push') this.piecesSent++
    if (request.type === 'check') this.checksSent++
    const bytes = encodeRequest(
      { typeHash: 7, shard: 3, epoch, lineage: undefined },
      request,
    ).slice()
    this.#fly(owner, target, () => {
      const asked = decodeRequest(bytes)
      target.replica.answer(asked.header, asked.request, (answer) => {
        this.#answer(target, owner, epoch, answer)
      })
    })
  }

  #answer(from: CopyNode, owner: CopyNode, epoch: number, answer: ReplicaAnswer): void {
    const bytes = encodeAnswer({ typeHash: 7, shard: 3, epoch }, answer).slice()
    this.#fly(from, owner, () => {
      if (owner.owned?.epoch !== epoch) return
      owner.owned.answered(from.node, decodeAnswer(bytes).answer, this.now)
    })
  }

  #fly(from: CopyNode, to: CopyNode, deliver: () => void): void {
    const act = (): void => {
      if (from.isAlive && to.isAlive) deliver()
    }
    this.flights.push({ from: from.node.key, to: to.node.key, deliver: act })
  }

  /** Delivers or loses the first that is on its way on the link that `pick` points to. */
  next(pick: number, isLost = false): void {
    const chosen = this.flights[pick % Math.max(1, this.flights.length)]
    if (!chosen) return
    const first = this.flights.findIndex(({ from, to }) => from === chosen.from && to === chosen.to)
    const [flight] = this.flights.splice(first, 1)
    if (flight && !isLost) flight.deliver()
  }

  /** Delivers all, and what follows from it. */
  settle(): void {
    while (this.flights.length > 0) this.next(0)
  }

  /** Lets time pass, and all arrive. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 100) {
      this.now += 100
      for (const { isAlive, owned } of this.nodes) if (isAlive && owned) owned.tick(this.now)
      this.settle()
    }
  }
}

function names(nodes: readonly NodeIdentity[]): string {
  return nodes.map(({ address }) => address.host).join(' ')
}
