// Copies of a shard that moves and whose nodes die: rows as a coordinator plans them, and owners that follow them.
import type { NodeIdentity } from '@casty/transport'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planReplicas } from '../src/coordinator/replica-places.ts'
import type { ReplicatedShard } from '../src/replication/replicated-shard.ts'
import { unowned, type ShardRow } from '../src/table/shard-row.ts'
import { ReplicationWorld, type CopyNode } from './replication-world.ts'

const runs = Number(process.env['CASTY_REPLICATION_RUNS'] ?? 150)
const hosts = 5

/** The committed table of one shard. Nodes learn of a row when the test says so, in order. */
class Moves {
  readonly world: ReplicationWorld
  readonly #leaving = new Set<CopyNode>()
  row: ShardRow = unowned
  #count = 0
  #toldUpTo = 0
  /** Values that were confirmed. */
  readonly confirmed: string[] = []

  constructor(minAcks: number, replicas: number) {
    this.world = new ReplicationWorld(hosts, minAcks, { replicas })
    this.#commit({ ...unowned, epoch: 1, owner: this.#at(0).node })
  }

  #at(index: number): CopyNode {
    return this.world.at(index % hosts)
  }

  #nodeOf(node: NodeIdentity | undefined): CopyNode | undefined {
    return this.world.nodes.find((one) => node && one.node.equals(node))
  }

  get owner(): CopyNode | undefined {
    return this.#nodeOf(this.row.owner)
  }

  get owned(): ReplicatedShard | undefined {
    return this.owner?.owned
  }

  /** Fills up the replicas, and has everybody act on it. */
  #commit(row: ShardRow, superfluous: readonly NodeIdentity[] = []): void {
    const { world } = this
    const isHost = (one: CopyNode): boolean => one.isAlive && !this.#leaving.has(one)
    const planned = planReplicas([row], world.nodes.filter(isHost), {
      wanted: world.replicas,
      isKept: (node) => this.#nodeOf(node)?.isAlive === true,
      stays: (node) => world.nodes.some((one) => one.node.equals(node) && isHost(one)),
      superfluous: () => superfluous,
    })
    this.row = { ...row, replicas: planned.get(0) ?? row.replicas }
    const { owner, epoch, replicas } = this.row
    for (const one of world.nodes) {
      if (one.isAlive && owner?.equals(one.node)) {
        if (one.owned?.epoch !== epoch) world.own(world.nodes.indexOf(one), epoch)
        one.owned?.follow(replicas, world.now)
        continue
      }
      one.copies.raiseFence(epoch)
      if (one.owned && one.owned.epoch < epoch) one.owned.end(epoch)
      if (!replicas.some((node) => node.equals(one.node))) one.copies.forget()
    }
  }

  /** The coordinator hears what owners told. */
  hear(): void {
    const news = this.world.told.slice(this.#toldUpTo)
    this.#toldUpTo += news.length
    const replicas = this.row.replicas.map(({ address }) => address.host).join(' ')
    for (const told of news) {
      if (told.replicas !== replicas || told.epoch !== this.row.epoch) continue
      const superfluous = this.row.replicas.filter(({ address }) =>
        told.superfluous.split(' ').includes(address.host),
      )
      this.#commit(this.row, superfluous)
      return
    }
  }

  moveTo(index: number): void {
    const [from, to] = [this.owner, this.#at(index)]
    if (!from || from === to || !to.isAlive || this.#leaving.has(to)) return
    const { epoch, replicas } = this.row
    const former = from.isAlive ? [from.node] : []
    const kept = this.#leaving.has(from) ? [...replicas, ...former] : [...former, ...replicas]
    const others = kept.filter((node) => !node.equals(to.node))
    this.#commit({
      epoch: epoch + 1,
      owner: to.node,
      movingTo: undefined,
      replicas: others,
      lineage: 0,
      isUndecided: false,
      isReplicated: false,
      isDecided: false,
    })
  }

  /** The first replica, or whoever is there, takes the place of an owner that is gone. */
  #takeOver(): void {
    const alive = this.row.replicas.find((node) => this.#nodeOf(node)?.isAlive)
    const next = this.#nodeOf(alive) ?? this.world.nodes.find(({ isAlive }) => isAlive)
    if (next) this.moveTo(this.world.nodes.indexOf(next))
  }

  crash(index: number): boolean {
    const one = this.#at(index)
    if (!one.isAlive) return false
    one.isAlive = false
    if (one === this.owner) this.#takeOver()
    else this.#commit(this.row)
    return true
  }

  leave(index: number): void {
    const one = this.#at(index)
    if (!one.isAlive || this.#leaving.size > 0) return
    this.#leaving.add(one)
    this.world.leaving.add(one.node.key)
    if (one === this.owner) this.moveTo(index + 1)
    else this.#commit(this.row)
  }

  write(): void {
    const { world, owned } = this
    if (!owned?.isReady) return
    const value = `${this.#count++}`
    const bytes = new TextEncoder().encode(value)
    const operation = {
      type: 'append' as const,
      epoch: owned.epoch,
      expectedSequenceNr: owned.copies.find('x')?.head.sequenceNr ?? 0,
      events: [{ manifest: 'text', version: 0, timestamp: 0, bytes }],
    }
    owned.submit('x', operation, world.now, ({ type }) => {
      if (type === 'confirmed') this.confirmed.push(value)
    })
  }

  valuesAt({ copies }: CopyNode): readonly string[] {
    const copy = copies.find('x')
    const values: string[] = []
    for (let next = 1; copy && next <= copy.head.sequenceNr; next++) {
      values.push(new TextDecoder().decode(copy.read(next)?.bytes))
    }
    return values
  }
}

type Step =
  | { readonly type: 'write' | 'hear' | 'pass' }
  | { readonly type: 'deliver' | 'lose'; readonly pick: number }
  | { readonly type: 'move' | 'crash' | 'leave'; readonly index: number }

const index = fc.nat(hosts - 1)
const pick = fc.nat(50)
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ type: fc.constant('write' as const) }) },
    { weight: 20, arbitrary: fc.record({ type: fc.constant('deliver' as const), pick }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('lose' as const), pick }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('hear' as const) }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('pass' as const) }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('move' as const), index }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('crash' as const), index }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('leave' as const), index }) },
  ),
  // Short ones prove little: most do not come as far as a write.
  { maxLength: 200, size: 'max' },
)

function play(moves: Moves, list: readonly Step[], mayCrash: number): void {
  let crashes = 0
  const { world } = moves
  for (const step of list) {
    switch (step.type) {
      case 'write':
        moves.write()
        break
      case 'hear':
        moves.hear()
        break
      case 'pass':
        world.pass(300)
        break
      case 'deliver':
        world.next(step.pick)
        break
      case 'lose':
        world.next(step.pick, true)
        break
      case 'move':
        moves.moveTo(step.index)
        break
      case 'leave':
        moves.leave(step.index)
        break
      case 'crash':
        if (crashes < mayCrash && moves.crash(step.index)) crashes++
    }
  }
}

test.each([
  [1, 1],
  [1, 2],
  [2, 2],
])(
  'what %i of %i replicas confirmed outlives as many nodes, wherever the shard moves meanwhile',
  (minAcks, replicas) => {
    fc.assert(
      fc.property(steps, (list) => {
        const moves = new Moves(minAcks, replicas)
        play(moves, list, minAcks)
        for (let round = 0; round < 6; round++) {
          moves.world.pass(2_000)
          moves.hear()
        }
        const { owner, owned, row } = moves
        expect(owned?.isReady).toBe(true)
        expect(owner && moves.valuesAt(owner)).toEqual(expect.arrayContaining(moves.confirmed))
        // And nobody keeps for ever what is not needed.
        expect(row.replicas.length).toBeLessThanOrEqual(replicas)
        expect(owned?.isWhole).toBe(true)
      }),
      { numRuns: runs, seed: 29 },
    )
  },
)
