// What a user says of a kind of entity, and the checks of it.
import { checkMailbox, type ActorRef, type Behavior, type MailboxSettings } from '@casty/actor'
import type { EventJournal } from '@casty/persistence'
import { ShardingError } from './errors.ts'
import { capable, durationOrForever, knownNames, text, whole } from './option-values.ts'
import { checkedId } from './entity-id.ts'
import { checkReplication, type ReplicationConfig } from './replication/replication-config.ts'

/** A message with whom it is for. */
export interface ShardEnvelope<M> {
  readonly entityId: string
  readonly message: M
}

/** The same as `{ entityId, message }`. @example region.tell(ShardEnvelope('alice', { type: 'deposit', amount: 5 })) */
export function ShardEnvelope<M>(entityId: string, message: M): ShardEnvelope<M> {
  return { entityId, message }
}

/** What an entity is told about itself. Valid as long as it lives; what is in it may be taken out of it. */
export interface EntityContext<M = never> {
  readonly entityId: string
  readonly shard: number
  /**
   * Grows with every owner of its shard, over restarts of the whole cluster as well. Whatever an entity writes
   * to, and could be written to by a former owner, should refuse what comes with a lower one.
   */
  readonly epoch: number
  /** To this entity, wherever it lives: for others to keep. `context.self` ends with this life of it. */
  readonly ref: ActorRef<M>
  /**
   * The journal of its type, where it has one: writes under `epoch`, so that from the first claim of a later
   * owner on all writes of this one are refused.
   */
  readonly journal: EventJournal | undefined
  /**
   * What the entity handed over on the node that had it before; undefined where it did not come by a handoff, or
   * starts again after a failure. Nobody vouches for its form where nodes run different versions.
   */
  readonly handedOver: unknown
  /**
   * Has `state` called when the entity has stopped because its shard moves: the next owner starts it with that, or, where
   * it is undefined, with its next message. Where nobody calls this, and nothing is written, what the entity kept in
   * memory is lost, which is warned of once.
   */
  readonly handOver: (state: () => unknown) => void
  /**
   * Stops it when it has handled what it was sent so far. What comes later starts it again; nothing is lost
   * in between.
   */
  readonly passivate: () => void
}

/** What an entity of a type with a journal, or with replication, is told about itself. */
export interface JournaledEntityContext<M = never> extends EntityContext<M> {
  readonly journal: EventJournal
}

export interface RememberOptions {
  /** Keeps which entities live: one that every node of the type can read and write. */
  readonly journal: EventJournal
  /** How many are started per second when a shard comes. @defaultValue 1_000 */
  readonly startsPerSecond?: number
}

/** One kind of entity. All nodes must agree on `name` and `numShards`, which never change. */
export interface EntityType<M> {
  /** 1 to 100 letters, digits and `_.:-`. */
  readonly name: string
  /**
   * How many parts its entities are split into: what moves between nodes. More even out better and cost more to
   * agree on. Cannot be changed later. @defaultValue 256
   */
  readonly numShards?: number
  /** Lives on members with that role only. @defaultValue on all */
  readonly role?: string
  /** Makes the behavior of one entity: called at each start. */
  readonly entity: (context: EntityContext<M>) => Behavior<M>
  /** The last message of an entity that is passivated or moved. @defaultValue none: it just stops */
  readonly stopMessage?: M
  /**
   * An entity that gets no message for so long is stopped, in milliseconds; it starts again with the next one.
   * Infinity: none is. @defaultValue 120_000, or Infinity where entities are remembered
   */
  readonly idleTimeoutMs?: number
  /**
   * Entities that live without a message: they start with their shard, wherever that goes, and again when they
   * have stopped, after a pause of 0.2 to 10 seconds. None of them counts as idle. At most 1,000 ids.
   * @defaultValue none
   */
  readonly keepAlive?: readonly string[]
  /**
   * Has entities started again with their shard, wherever that goes, until they stop by themselves or are
   * passivated. One handles its first message once it is written down that it lives. @defaultValue they wait for
   * a message
   */
  readonly rememberEntities?: RememberOptions
  /** What entities get as `context.journal`: one that all nodes share, unless there is `replication`. */
  readonly journal?: EventJournal
  /**
   * Has what is written to `context.journal` kept on the owner of a shard and on other nodes, so that it outlives the loss of some:
   * in their memory, or in `journal` as well, which is each node's own then. The same on all nodes. @defaultValue none
   */
  readonly replication?: ReplicationConfig
  /** Of each entity. @defaultValue that of the system */
  readonly mailbox?: Partial<MailboxSettings>
}

/** What entities write to: one of the two. */
export type WithJournal =
  | { readonly journal: EventJournal }
  | { readonly replication: ReplicationConfig }

/** A kind of entity that writes: its `context.journal` is there. */
export type JournaledEntityType<M> = Omit<EntityType<M>, 'entity' | 'journal' | 'replication'> & {
  readonly entity: (context: JournaledEntityContext<M>) => Behavior<M>
} & WithJournal

const typeOptions: readonly string[] = [
  'name',
  'numShards',
  'role',
  'entity',
  'stopMessage',
  'idleTimeoutMs',
  'keepAlive',
  'rememberEntities',
  'journal',
  'replication',
  'mailbox',
] satisfies (keyof EntityType<unknown>)[]

/** What remains of the options of a type once they are checked. */
export interface CheckedType {
  readonly name: string
  readonly numShards: number
  readonly role: string | undefined
  /** Undefined where this node only sends to it. */
  readonly entity: ((context: EntityContext) => Behavior<unknown>) | undefined
  /** Wrapped, since any value may be a message. */
  readonly stopMessage: { readonly message: unknown } | undefined
  readonly idleTimeoutMs: number
  readonly keepAlive: readonly string[]
  readonly remember: Required<RememberOptions> | undefined
  readonly journal: EventJournal | undefined
  readonly replication: Required<ReplicationConfig> | undefined
  readonly mailbox: Partial<MailboxSettings> | undefined
}

/** Defaults of the options of a type. */
export const entityTypeDefaults: {
  readonly numShards: number
  readonly idleTimeoutMs: number
  readonly startsPerSecond: number
} = Object.freeze({ numShards: 256, idleTimeoutMs: 120_000, startsPerSecond: 1_000 })

/** No table of shards may be so large that it could not be told in one piece. */
const maxShards = 65_536

const maxKeptAlive = 1_000

const nameForm = /^[A-Za-z0-9_.:-]{1,100}$/

/** @throws ShardingError `CASTY_SHARDING_INVALID_OPTION`; ActorError `CASTY_ACTOR_INVALID_OPTION` for a mailbox that none can be */
export function checkType<M>(type: EntityType<M>): CheckedType {
  knownNames('type', type, typeOptions)
  const { entity, stopMessage, journal, mailbox, replication, rememberEntities } = type
  if (typeof entity !== 'function') {
    throw ShardingError.invalidOption('type.entity', entity, 'a function that makes a behavior')
  }
  return {
    ...checkProxy(type),
    // Only messages of its refs, which are of that type, ever reach it.
    entity: entity as unknown as (context: EntityContext) => Behavior<unknown>,
    stopMessage: stopMessage === undefined ? undefined : { message: stopMessage },
    idleTimeoutMs: durationOrForever(
      'type.idleTimeoutMs',
      type.idleTimeoutMs ?? (rememberEntities ? Infinity : entityTypeDefaults.idleTimeoutMs),
    ),
    keepAlive: checkKeepAlive(type.keepAlive ?? []),
    // Whatever else is given, such as null, is a mistake: what was to be kept would be kept by nobody.
    remember: rememberEntities === undefined ? undefined : checkRemember(rememberEntities),
    journal: journal === undefined ? undefined : checkJournal('type.journal', journal),
    replication: replication === undefined ? undefined : checkReplication(replication),
    mailbox: mailbox === undefined ? undefined : checkMailbox('type', mailbox),
  }
}

/** What a node needs to know to send to entities of a type that it does not host. */
export type EntityProxy = Pick<EntityType<never>, 'name' | 'numShards' | 'role'>

/** @throws ShardingError `CASTY_SHARDING_INVALID_OPTION` */
export function checkProxy({
  name,
  numShards = entityTypeDefaults.numShards,
  role,
}: EntityProxy): CheckedType {
  if (typeof name !== 'string' || !nameForm.test(name)) {
    const allowed = 'a text of 1 to 100 letters, digits and _.:-'
    throw ShardingError.invalidOption('type.name', name, allowed)
  }
  return {
    name,
    numShards: whole('type.numShards', numShards, 1, maxShards),
    role: role === undefined ? undefined : text('type.role', role, 200),
    entity: undefined,
    stopMessage: undefined,
    idleTimeoutMs: Infinity,
    keepAlive: [],
    remember: undefined,
    journal: undefined,
    replication: undefined,
    mailbox: undefined,
  }
}

function checkKeepAlive(entityIds: readonly string[]): readonly string[] {
  if (!Array.isArray(entityIds) || entityIds.length > maxKeptAlive) {
    const allowed = `a list of at most ${maxKeptAlive} ids`
    throw ShardingError.invalidOption('type.keepAlive', entityIds, allowed)
  }
  return [...new Set(entityIds.map((id) => checkedId(id, 'type.keepAlive')))]
}

function checkRemember(options: RememberOptions): Required<RememberOptions> {
  knownNames('type.rememberEntities', options, ['journal', 'startsPerSecond'])
  const { journal, startsPerSecond = entityTypeDefaults.startsPerSecond } = options
  return {
    journal: checkJournal('type.rememberEntities.journal', journal),
    startsPerSecond: whole('type.rememberEntities.startsPerSecond', startsPerSecond, 1, 1_000_000),
  }
}

function checkJournal(option: string, journal: EventJournal): EventJournal {
  return capable(option, journal, ['append', 'claim', 'events'], 'an EventJournal')
}
