// Which types of entities are known on this node, and into how many shards each is split: by a user who started one here, by the
// table that all go by, or by a ref of another node alone. What the table says counts: nobody sends to a type that this node splits
// otherwise, and what a ref alone had told is believed no more.
import { checkProxy, type CheckedType } from './entity-type.ts'
import type { EntityRegion } from './entity-region.ts'
import { ShardingError } from './errors.ts'
import { Hearsay } from './hearsay.ts'
import type { Region } from './region/region.ts'
import { hashOf } from './region/shard-of.ts'
import type { ShardTable } from './table/shard-table.ts'

/** A region, with what users see of it. */
export interface Started {
  readonly region: Region
  readonly face: EntityRegion<unknown>
}

/** What it needs of the rest. */
export interface DirectoryPort {
  /** The one that all go by. */
  readonly table: ShardTable
  /** @throws ShardingError `CASTY_SHARDING_STOPPED` */
  make(type: CheckedType): Started
  /** A region that only sent is to host as well. */
  host(region: Region, type: CheckedType): void
  report(error: unknown, what: string): void
}

/** Of one node. Mutable. */
export class TypeDirectory {
  readonly #port: DirectoryPort
  readonly #byHash = new Map<number, Started>()
  readonly #hearsay = new Hearsay()

  constructor(port: DirectoryPort) {
    this.#port = port
  }

  all(): Iterable<Started> {
    return this.#byHash.values()
  }

  /** By the hash of its name. */
  find(typeHash: number): Region | undefined {
    return this.#byHash.get(typeHash)?.region
  }

  /** Somebody here starts it. @throws ShardingError `CASTY_SHARDING_TYPE_TAKEN`; as `DirectoryPort.make` */
  start(type: CheckedType): Started {
    const hash = hashOf(type.name)
    const known = this.#byHash.get(hash)
    if (known && isSameType(known.region, type)) {
      this.#hearsay.settle(hash)
      this.#startAgain(known.region, type)
      return known
    }
    if (known && !this.#hearsay.has(hash)) throw ShardingError.typeTaken(type.name)
    if (known) this.#disbelieve(known.region, type.numShards)
    return this.#add(hash, type)
  }

  /** A region that only sends may begin to host: whoever has it, or a ref of it, need not notice. */
  #startAgain(region: Region, type: CheckedType): void {
    if (!type.entity) return
    if (region.type.entity) throw ShardingError.typeTaken(type.name)
    this.#port.host(region, type)
  }

  /** Whoever starts late learns where shards are. */
  #add(hash: number, type: CheckedType): Started {
    const started = this.#port.make(type)
    const { region } = started
    this.#byHash.set(hash, started)
    this.compare(region)
    for (const [shard, row] of this.#port.table.rowsOf(type)) region.homeChanged(shard, row)
    return started
  }

  /** One that a ref leads to: messages go to it all the same where nobody started it here. */
  believe(name: string, numShards: number): Region {
    const hash = hashOf(name)
    const known = this.#byHash.get(hash)
    if (known?.region.type.name === name) return known.region
    if (known) throw ShardingError.typeTaken(name)
    const told = this.#port.table.types.get(name)?.settings.numShards
    const type = checkProxy({ name, numShards: told ?? numShards })
    if (told === undefined) this.#hearsay.believe(hash, type)
    return this.#add(hash, type).region
  }

  /** What a ref of another node said of a type turns out to be wrong: such refs lead nowhere. */
  #disbelieve(region: Region, numShards: number): void {
    const hash = hashOf(region.type.name)
    region.disagree(numShards)
    region.close()
    this.#byHash.delete(hash)
    this.#hearsay.settle(hash)
  }

  /** The table may say otherwise by now: whoever splits entities otherwise than the others would have some of them live twice. */
  compare(region: Region): void {
    const { name, numShards } = region.type
    const known = this.#port.table.types.get(name)?.settings.numShards
    if (known === undefined) return
    const hash = hashOf(name)
    if (known !== numShards && this.#hearsay.has(hash)) this.#disbelieve(region, known)
    else if (known === numShards) this.#hearsay.settle(hash)
    else if (region.otherNumShards === undefined) {
      region.disagree(known)
      const error = ShardingError.typeDiffers(name, numShards, known)
      this.#port.report(error, `${name} cannot be used here`)
    }
  }
}

function isSameType({ type }: Region, { name, numShards }: CheckedType): boolean {
  return type.name === name && type.numShards === numShards
}
