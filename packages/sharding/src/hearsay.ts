// Types of entities that nothing but refs of other nodes told of: neither the table nor a user here knows them.
import type { CheckedType } from './entity-type.ts'
import { ShardingError } from './errors.ts'

/** Shards of all such types together: each takes some hundred bytes. */
const maxShards = 65_536

/** By the hashes of the types' names. Mutable, and of one node. */
export class Hearsay {
  readonly #numShards = new Map<number, number>()

  has(hash: number): boolean {
    return this.#numShards.has(hash)
  }

  /**
   * So little says so much of a type that what it may take here has a bound.
   *
   * @throws ShardingError `CASTY_SHARDING_MALFORMED` where there are too many
   */
  believe(hash: number, { name, numShards }: CheckedType): void {
    let shards = numShards
    for (const count of this.#numShards.values()) shards += count
    if (shards > maxShards) {
      throw ShardingError.malformed(`Too many types of entities are not known, ${name} among them`)
    }
    this.#numShards.set(hash, numShards)
  }

  /** The type turned out to be as it was told, or otherwise. */
  settle(hash: number): void {
    this.#numShards.delete(hash)
  }
}
