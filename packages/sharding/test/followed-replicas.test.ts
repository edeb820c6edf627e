// Replicas of a shard, as its owner follows them: who is to keep copies, who counts, and who is superfluous.
import { NodeAddress, NodeIdentity, type NodeKey } from '@casty/transport'
import { expect, test } from 'vitest'
import { ShardCopies } from '../src/replication/copies.ts'
import { CopyRoom } from '../src/replication/copy-room.ts'
import { FollowedReplicas } from '../src/replication/followed-replicas.ts'
import type { ReplicaRequest, ReplicatedEntry } from '../src/replication/messages.ts'
import { OperationsOut } from '../src/replication/operations-out.ts'
import { ReplicaLink } from '../src/replication/replica-link.ts'

function nodeOf(host: string): NodeIdentity {
  return NodeIdentity.of(NodeAddress.of(host, 1), 1)
}

const [a, b, c] = [nodeOf('a'), nodeOf('b'), nodeOf('c')]

/** Two are to keep copies. */
class Owner {
  readonly copies: ShardCopies = new ShardCopies(new CopyRoom(1_000_000))
  readonly leaving = new Set<NodeKey>()
  /** What replicas were asked for alone. */
  readonly asked: string[] = []
  readonly #endings: (() => void)[] = []
  /** Requests with operations: who is to do how many. */
  readonly sent: string[] = []
  readonly replicas: FollowedReplicas = new FollowedReplicas(
    { replicas: 2, minAcks: 'majority' },
    { isReachable: () => true, stays: ({ key }) => !this.leaving.has(key) },
    (node) => this.#linkTo(node),
  )
  readonly out: OperationsOut = new OperationsOut(
    this.replicas,
    {
      send: (to, request) => {
        const count = request.type === 'replicate-events' ? request.entries.length : 0
        this.sent.push(`${hosts(to)}: ${count}`)
      },
      atEndOfTurn: (callback) => this.#endings.push(callback),
    },
    2_000,
  )

  #linkTo(node: NodeIdentity): ReplicaLink {
    return new ReplicaLink(this.copies, {
      send: (request: ReplicaRequest) => this.asked.push(`${node.address.host} ${request.type}`),
      filled: () => this.out.flushSoon(),
      advanced: () => {},
      progressed: (now) => this.replicas.serve(now),
      installed: () => {},
      noRoom: () => {},
      fenced: () => {},
    })
  }

  /** They have nothing, and say so. */
  told(...nodes: readonly NodeIdentity[]): void {
    const listed = { type: 'listed', token: 1, copies: [], isEnd: true, isStored: true } as const
    for (const node of nodes)
      this.replicas.linkOf(node)?.answered({ ...listed, lineage: undefined }, 0)
  }

  /** An operation, of about so many bytes, on an id of its own. */
  write(id: string, sizeBytes = 0): ReplicatedEntry {
    const previous = this.copies.version(id)
    const version = { epoch: 3, count: previous.count + 1 }
    const bytes = new Uint8Array(sizeBytes)
    const operation = this.copies.apply(
      id,
      {
        type: 'append',
        epoch: 3,
        expectedSequenceNr: this.copies.headOf(id).sequenceNr,
        events: [{ manifest: 'event', version: 0, timestamp: 0, bytes }],
      },
      version,
    )
    const entry = { id, previous, version, operation }
    this.replicas.replicate(entry, 0)
    return entry
  }

  acknowledged({ id, version }: ReplicatedEntry, ...nodes: readonly NodeIdentity[]): void {
    const ack = { type: 'replicate-events-ack', behind: [], full: [] } as const
    for (const node of nodes) {
      this.replicas.linkOf(node)?.answered({ ...ack, copies: [{ id, version }] }, 0)
    }
  }

  keepers(): string {
    const keepers = this.replicas.standings().filter(({ isKeeper }) => isKeeper)
    return hosts(keepers.map(({ node }) => node))
  }

  endTurn(): void {
    for (const end of this.#endings.splice(0)) end()
  }
}

function hosts(nodes: readonly NodeIdentity[]): string {
  return nodes.map(({ address }) => address.host).join(' ')
}

test('the first that stay are to keep copies, and the others are asked for what they have', () => {
  const owner = new Owner()
  owner.leaving.add(a.key)
  owner.replicas.follow([a, b, c], false, 0)
  expect(owner.keepers()).toBe('b c')
  expect(owner.asked).toEqual(['a list', 'b list', 'c list'])
  expect(owner.replicas.minAcks).toBe(1)
})

test('only what those have that are to keep copies counts', () => {
  const owner = new Owner()
  owner.replicas.follow([a, b, c], false, 0)
  owner.told(a, c)
  expect(owner.replicas.inReach).toBe(1)
  const entry = owner.write('x')
  owner.acknowledged(entry, a, c)
  expect(owner.replicas.acknowledged(entry.id, entry.version)).toBe(1)
})

test('the others are superfluous once those have all, which is told once', () => {
  const owner = new Owner()
  owner.replicas.follow([a, b, c], false, 0)
  owner.told(a, b, c)
  expect(owner.replicas.isFilled).toBe(true)
  expect(owner.replicas.takeSuperfluous(false)).toEqual([c])
  expect(owner.replicas.takeSuperfluous(false)).toBeUndefined()
  // It never counts again in this row, also where another one leaves.
  owner.leaving.add(a.key)
  owner.replicas.follow([a, b, c], false, 0)
  expect(owner.keepers()).toBe('b')
  owner.replicas.follow([b, c], false, 0)
  expect(owner.keepers()).toBe('b c')
})

test('that those have all is told of each row, where it is to be told at all', () => {
  const owner = new Owner()
  owner.replicas.follow([a, b], false, 0)
  owner.told(a, b)
  expect(owner.replicas.takeSuperfluous(false)).toBeUndefined()
  expect(owner.replicas.takeSuperfluous(true)).toEqual([])
  expect(owner.replicas.takeSuperfluous(true)).toBeUndefined()
  owner.replicas.follow([b, a], true, 0)
  expect(owner.replicas.takeSuperfluous(true)).toBeUndefined()
  owner.replicas.follow([a, b], false, 0)
  expect(owner.replicas.takeSuperfluous(true)).toEqual([])
})

test('where one that counted goes, the rest are not filled before they have what it may have had alone', () => {
  const owner = new Owner()
  owner.replicas.follow([a, b], false, 0)
  owner.told(a, b)
  const entry = owner.write('x')
  expect(owner.replicas.isFilled).toBe(true)
  owner.leaving.add(a.key)
  owner.replicas.follow([a, b], false, 0)
  expect(owner.replicas.isFilled).toBe(false)
  owner.acknowledged(entry, a)
  expect(owner.replicas.isFilled).toBe(false)
  owner.acknowledged(entry, b)
  expect(owner.replicas.isFilled).toBe(true)
})

test('those that are to do the same get it in one request, and what is much in more', () => {
  const owner = new Owner()
  owner.replicas.follow([a, b], false, 0)
  owner.told(a, b)
  for (const id of ['x', 'y', 'z']) owner.write(id)
  expect(owner.sent).toEqual([])
  owner.endTurn()
  expect(owner.sent.splice(0)).toEqual(['a b: 2', 'a b: 1'])
  owner.write('x', 50_000)
  owner.write('y')
  owner.endTurn()
  expect(owner.sent.splice(0)).toEqual(['a b: 1', 'a b: 1'])
  owner.endTurn()
  expect(owner.sent).toEqual([])
})

test('who came later gets a request of its own', () => {
  const owner = new Owner()
  owner.replicas.follow([a, b], false, 0)
  owner.told(a)
  owner.write('x')
  owner.told(b)
  owner.write('y')
  owner.endTurn()
  expect(owner.sent).toEqual(['a: 2', 'b: 1'])
})
