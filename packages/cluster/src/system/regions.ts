import type { ActorRef } from '@casty/actor'
import type { EntityProxy, EntityRegion, ShardEnvelope } from '@casty/sharding'
import { ClusterSystemError } from '../errors.ts'
import { knownNames } from '../option-values.ts'
import { checkedTypeName, singletonType } from './placement.ts'

/** What has to be known of a type of entities to send to it. */
export interface RegionOptions {
  /** As where it is spawned. */
  readonly numShards?: number
}

/** Of a node, or of a client. */
interface Entities {
  readonly regions: readonly EntityRegion<never>[]
  startProxy<M>(type: EntityProxy): EntityRegion<M>
}

/** Types of entities by their names, and by their refs. Those that were found once stay: regions end with the node. */
export class Regions {
  readonly #sharding: Entities
  /** By names, and by paths of their refs, which no name is like. */
  readonly #found = new Map<string, EntityRegion<never>>()

  constructor(sharding: Entities) {
    this.#sharding = sharding
  }

  /** @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` where nobody told how many shards it has */
  named<M>(type: string, options: RegionOptions = {}): EntityRegion<M> {
    knownNames('regionRef()', options, ['numShards'])
    const { numShards } = options
    const known = this.#find<M>(type, ({ type: name }) => name === type)
    if (known && (numShards === undefined || numShards === known.numShards)) return known
    if (numShards === undefined) {
      const allowed = `the number of shards that ${type} is spawned with elsewhere, for it is not spawned here`
      throw ClusterSystemError.invalidOption('numShards', numShards, allowed)
    }
    return this.#sharding.startProxy<M>({ name: checkedTypeName(type), numShards })
  }

  /** @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` for a ref that leads to no entities */
  of<M>(ref: ActorRef<ShardEnvelope<M>>): EntityRegion<M> {
    // Refs that came from other nodes are other instances.
    const { path } = ref
    const known = this.#find<M>(path, ({ regionRef }) => regionRef.path === path)
    if (known) return known
    const allowed = 'what spawn() of sharded behaviors returns, or regionRef()'
    throw ClusterSystemError.invalidOption('region', path, allowed)
  }

  /** @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` */
  singleton<M>(name: string): EntityRegion<M> {
    const type = singletonType(checkedTypeName(name))
    return (
      this.#find(type, ({ type: known }) => known === type) ??
      this.#sharding.startProxy<M>({ name: type, numShards: 1 })
    )
  }

  #find<M>(
    key: string,
    isIt: (region: EntityRegion<never>) => boolean,
  ): EntityRegion<M> | undefined {
    const found = this.#found.get(key) ?? this.#sharding.regions.find(isIt)
    if (found) this.#found.set(key, found)
    // Which messages it takes is for whoever names it to say.
    return found as EntityRegion<unknown> | undefined as EntityRegion<M> | undefined
  }
}
