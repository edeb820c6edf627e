// Behaviors for a cluster. Three of them say where actors live, so that only `ClusteredActorSystem.spawn` takes
// them; `discoverable` is a behavior like any other, for actors at any place of the tree.
import { Behaviors as LocalBehaviors, type Behavior } from '@casty/actor'
import { eventSourced, type EventJournal } from '@casty/persistence'
import { ServiceKey, type BroadcastOptions } from '@casty/remote'
import type { EntityContext, EntityType, JournaledEntityContext } from '@casty/sharding'
import { maxRoleBytes } from './config/places.ts'
import { ClusterSystemError } from './errors.ts'
import { checkBehavior, knownNames, record, text } from './option-values.ts'
import { checkReplication, type ReplicationConfig } from './replication-config.ts'
import { receptionistOf } from './system/receptionists.ts'

/** Options of {@link Behaviors}`.sharded`: those of entity types. */
export interface ShardedOptions<M> extends Omit<EntityType<M>, 'name' | 'entity' | 'replication'> {
  readonly replication?: ReplicationConfig
}

/** What entities write to: one of the two. Then `context.journal` is there. */
export type EntityJournal =
  | { readonly journal: EventJournal }
  | { readonly replication: ReplicationConfig & { readonly replicas: number } }

/** Entities spread over the nodes of the cluster. */
export interface ShardedBehavior<M> {
  readonly type: 'sharded'
  readonly entity: (entityId: string, context: EntityContext<M>) => Behavior<M>
  readonly options: ShardedOptions<M>
}

/** What the only actor of its kind is told about itself. Valid as long as it lives. */
export interface SingletonContext<M = never> extends Pick<
  EntityContext<M>,
  'epoch' | 'ref' | 'journal' | 'handedOver' | 'handOver'
> {}

/** The same, of one with a journal. */
export interface JournaledSingletonContext<M = never> extends SingletonContext<M> {
  readonly journal: EventJournal
}

/** Options of {@link Behaviors}`.singleton`. */
export type SingletonOptions<M> = Pick<EntityType<M>, 'role' | 'stopMessage' | 'journal'>

const singletonNames = [
  'role',
  'stopMessage',
  'journal',
] as const satisfies (keyof SingletonOptions<never>)[]

/** One actor in the whole cluster. */
export interface SingletonBehavior<M> {
  readonly type: 'singleton'
  readonly factory: (context: SingletonContext<M>) => Behavior<M>
  readonly options: SingletonOptions<M>
}

/** One actor on each node, told and asked all at once. */
export interface BroadcastedBehavior<M> {
  readonly type: 'broadcasted'
  readonly behavior: Behavior<M>
  readonly options: BroadcastOptions
}

/**
 * Entities, each with an id, spread over the nodes of the cluster: each lives on one of them at a time, starts with
 * its first message, and is reached from all.
 *
 * @param entity - makes the behavior of one entity, at each of its starts
 * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` where that is no function, and for a `replication` that is none
 */
export function sharded<M>(
  entity: (entityId: string, context: JournaledEntityContext<M>) => Behavior<M>,
  options: Omit<ShardedOptions<M>, 'journal' | 'replication'> & EntityJournal,
): ShardedBehavior<M>
export function sharded<M>(
  entity: (entityId: string, context: EntityContext<M>) => Behavior<M>,
  options?: ShardedOptions<M>,
): ShardedBehavior<M>
export function sharded<M>(
  entity: (entityId: string, context: JournaledEntityContext<M>) => Behavior<M>,
  options: ShardedOptions<M> = {},
): ShardedBehavior<M> {
  checkMaker('entity of Behaviors.sharded()', entity)
  record('options of Behaviors.sharded()', options)
  if (options.replication !== undefined) checkReplication(options.replication)
  // Where it counts on a journal, its options have one: see above.
  return { type: 'sharded', entity: entity as ShardedBehavior<M>['entity'], options }
}

/**
 * One actor in the whole cluster: on the member that has been up longest, of those that spawned it, until that leaves or is
 * lost; then on the next. It lives without messages, and starts again when it has stopped.
 *
 * @param factory - makes its behavior, at each of its starts
 * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` where that is no function, and for an option that is not known
 */
export function singleton<M>(
  factory: (context: JournaledSingletonContext<M>) => Behavior<M>,
  options: SingletonOptions<M> & { readonly journal: EventJournal },
): SingletonBehavior<M>
export function singleton<M>(
  factory: (context: SingletonContext<M>) => Behavior<M>,
  options?: SingletonOptions<M>,
): SingletonBehavior<M>
export function singleton<M>(
  factory: (context: JournaledSingletonContext<M>) => Behavior<M>,
  options: SingletonOptions<M> = {},
): SingletonBehavior<M> {
  checkMaker('factory of Behaviors.singleton()', factory)
  knownNames('Behaviors.singleton()', options, singletonNames)
  // Where it counts on a journal, its options have one: see above.
  return { type: 'singleton', factory: factory as SingletonBehavior<M>['factory'], options }
}

/**
 * One actor on each node that spawns it. Whoever tells one of them, by the ref that `spawn` returns, tells all.
 *
 * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` where there is no behavior, and for an option that is wrong or
 * not known
 */
export function broadcasted<M>(
  behavior: Behavior<M>,
  options: BroadcastOptions = {},
): BroadcastedBehavior<M> {
  const of = 'Behaviors.broadcasted()'
  checkBehavior(`behavior of ${of}`, behavior)
  knownNames(of, options, ['role'])
  if (options.role !== undefined) text(`role of ${of}`, options.role, maxRoleBytes)
  return { type: 'broadcasted', behavior, options }
}

/**
 * Has its actor found by a key, from every node, as long as it lives.
 *
 * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` where there is no behavior or no key
 */
export function discoverable<M>(
  behavior: Behavior<M>,
  options: { readonly key: ServiceKey<M> },
): Behavior<M> {
  const of = 'Behaviors.discoverable()'
  checkBehavior(`behavior of ${of}`, behavior)
  knownNames(of, options, ['key'])
  const { key } = options
  if (!(key instanceof ServiceKey)) {
    throw ClusterSystemError.invalidOption(`key of ${of}`, key, 'a ServiceKey')
  }
  return LocalBehaviors.setup((context) => {
    const { system, self } = context
    return receptionistOf(system, 'discoverable()', self.path).discoverable(behavior, key)
  })
}

/** Users without types take one for the other. */
function checkMaker(option: string, maker: unknown): void {
  if (typeof maker === 'function') return
  const allowed = 'a function that makes a behavior, called at each start'
  throw ClusterSystemError.invalidOption(option, maker, allowed)
}

/** Makes behaviors: those of `@casty/actor`, and those that a cluster adds. */
export const Behaviors: typeof LocalBehaviors & {
  readonly sharded: typeof sharded
  readonly singleton: typeof singleton
  readonly broadcasted: typeof broadcasted
  readonly discoverable: typeof discoverable
  readonly eventSourced: typeof eventSourced
} = Object.freeze({
  ...LocalBehaviors,
  sharded,
  singleton,
  broadcasted,
  discoverable,
  eventSourced,
})
