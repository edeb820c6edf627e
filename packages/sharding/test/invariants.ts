// What must hold at every instant of a world.
import type { NodeKey } from '@casty/transport'
import { compareVersions, type ShardTable } from '@casty/sharding'
import type { World, WorldNode } from './world.ts'

export class Invariants {
  readonly violations: string[] = []
  readonly #numShards: number
  readonly #lastCommitted = new Map<WorldNode, ShardTable>()
  /** Every table that took effect somewhere, in order of their versions. */
  readonly #tables: ShardTable[] = []
  readonly #owners = new Map<string, NodeKey>()

  constructor(numShards: number) {
    this.#numShards = numShards
  }

  check(world: World): void {
    const { now } = world
    const leading = world.alive.filter(
      (node) => node.core.coordinates(node.clock(now)) !== undefined,
    )
    if (leading.length > 1) this.#report(now, `two coordinators: ${leading.map(({ key }) => key)}`)
    for (let shard = 0; shard < this.#numShards; shard++) {
      let owner: WorldNode | undefined
      for (const node of world.nodes) {
        if (!node.isAlive || !node.runs(shard, now)) continue
        if (owner) this.#report(now, `shard ${shard} runs on ${owner.key} and ${node.key}`)
        owner = node
      }
    }
  }

  committed(node: WorldNode, table: ShardTable): void {
    const before = this.#lastCommitted.get(node)
    if (before && compareVersions(table.version, before.version) <= 0) {
      this.#report(0, `${node.key} went back to ${JSON.stringify(table.version)}`)
    }
    this.#lastCommitted.set(node, table)
    const index = this.#tables.findIndex(
      (other) => compareVersions(other.version, table.version) >= 0,
    )
    const next = index < 0 ? undefined : this.#tables[index]
    if (next && compareVersions(next.version, table.version) === 0) {
      if (!this.#agree(next, table, 'same')) this.#report(0, 'one version, two tables')
      return
    }
    const former = index < 0 ? this.#tables.at(-1) : this.#tables[index - 1]
    if (former && !this.#agree(former, table, 'grow')) this.#report(0, this.#lossOf(former, table))
    if (next && !this.#agree(table, next, 'grow')) this.#report(0, this.#lossOf(table, next))
    this.#tables.splice(index < 0 ? this.#tables.length : index, 0, table)
    for (let shard = 0; shard < this.#numShards; shard++) {
      const { epoch, owner } = table.row('t', shard)
      if (!owner) continue
      const key = `${shard}@${epoch}`
      const known = this.#owners.get(key)
      if (known !== undefined && known !== owner.key) {
        this.#report(0, `shard ${shard} was given to ${known} and ${owner.key} at epoch ${epoch}`)
      }
      this.#owners.set(key, owner.key)
    }
  }

  #lossOf(former: ShardTable, table: ShardTable): string {
    return `an epoch fell from ${JSON.stringify(former.version)} to ${JSON.stringify(table.version)}`
  }

  #agree(former: ShardTable, table: ShardTable, how: 'same' | 'grow'): boolean {
    for (let shard = 0; shard < this.#numShards; shard++) {
      const [left, right] = [former.row('t', shard), table.row('t', shard)]
      if (how === 'same' && (left.epoch !== right.epoch || left.owner?.key !== right.owner?.key))
        return false
      // A table that was lost as a whole begins with shards that nobody owns.
      if (left.epoch > right.epoch && right.epoch > 0) return false
    }
    return true
  }

  #report(now: number, what: string): void {
    if (this.violations.length < 5) this.violations.push(`${now.toFixed(1)} ms: ${what}`)
  }
}
