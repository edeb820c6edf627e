// Where actors begin, whichever kind they are of: with what the config says of their names.
import type { ActorRef, Behavior, MailboxSettings } from '@casty/actor'
import { BroadcastRef } from '@casty/remote'
import type { ShardEnvelope } from '@casty/sharding'
import type { BroadcastedBehavior, ShardedBehavior, SingletonBehavior } from '../behaviors.ts'
import { resolveActor, type ActorSection, type CastyConfig } from '../config/casty-config.ts'
import { supervision } from '../config/options-from.ts'
import { checkBehavior, knownNames, record } from '../option-values.ts'
import type { Settings } from '../options.ts'
import type { Node } from './node.ts'
import { checkedTypeName, singletonType } from './placement.ts'
import { replicationOf } from './replication-of.ts'

/** Options of an actor, or of a kind of actors. */
export interface ClusterSpawnOptions {
  /** The same on all nodes, for whatever is to be reached as one. */
  readonly name: string
  /** Of each of them. @defaultValue what the config says, or else that of the system */
  readonly mailbox?: Partial<MailboxSettings>
}

type Options = Partial<ClusterSpawnOptions>

export class Spawner {
  readonly #node: Node
  readonly #config: CastyConfig
  readonly #roles: readonly string[]

  constructor(node: Node, { cluster, config }: Settings) {
    this.#node = node
    this.#config = config
    this.#roles = [...(cluster.roles ?? [])]
  }

  spawn<M>(
    behavior: ShardedBehavior<M> | SingletonBehavior<M> | BroadcastedBehavior<M> | Behavior<M>,
    options: Options,
  ): ActorRef<ShardEnvelope<M>> | ActorRef<M> | BroadcastRef<M> {
    checkBehavior('behavior of spawn()', behavior)
    knownNames('spawn()', options, ['name', 'mailbox'])
    const { name, mailbox } = options
    if (mailbox !== undefined) record('mailbox of spawn()', mailbox)
    const section = name === undefined ? this.#config.defaults : resolveActor(this.#config, name)
    switch (behavior.type) {
      case 'sharded':
        return this.#sharded(behavior, options, section)
      case 'singleton':
        return this.#singleton(behavior, options, section)
      case 'broadcasted':
        return this.#broadcasted(behavior, options, section)
      default:
        return this.#plain(behavior, options, section)
    }
  }

  #sharded<M>(
    { entity, options: { replication, ...type } }: ShardedBehavior<M>,
    options: Options,
    section: ActorSection,
  ): ActorRef<ShardEnvelope<M>> {
    const name = checkedTypeName(options.name)
    const replicated = replicationOf(section.replication, replication, type.journal !== undefined)
    const { numShards = section.sharding.numShards } = type
    const supervised = supervision<M>(section.supervision)
    const region = this.#node.sharding.start<M>({
      ...type,
      name,
      ...(numShards !== undefined && { numShards }),
      ...(replicated && { replication: replicated }),
      ...mailboxOf(section, type, options),
      entity: (context) => supervised(entity(context.entityId, context)),
    })
    return region.regionRef
  }

  #singleton<M>(
    { factory, options: type }: SingletonBehavior<M>,
    options: Options,
    section: ActorSection,
  ): ActorRef<M> {
    const name = checkedTypeName(options.name)
    const supervised = supervision<M>(section.supervision)
    const region = this.#node.sharding.start<M>({
      ...type,
      name: singletonType(name),
      numShards: 1,
      keepAlive: [name],
      idleTimeoutMs: Infinity,
      ...mailboxOf(section, options),
      entity: (context) => supervised(factory(context)),
    })
    return region.ref(name)
  }

  #broadcasted<M>(
    { behavior, options: reach }: BroadcastedBehavior<M>,
    options: Options,
    section: ActorSection,
  ): BroadcastRef<M> {
    const name = checkedTypeName(options.name)
    const { role } = reach
    if (role === undefined || this.#roles.includes(role)) {
      this.#plain(behavior, { ...options, name }, section)
    }
    return new BroadcastRef<M>(this.#node.remoting, `/${name}`, reach)
  }

  #plain<M>(behavior: Behavior<M>, options: Options, section: ActorSection): ActorRef<M> {
    return this.#node.system.spawn(supervision<M>(section.supervision)(behavior), {
      ...options,
      ...mailboxOf(section, options),
    })
  }
}

interface WithMailbox {
  readonly mailbox?: Partial<MailboxSettings>
}

/** The last who says something of a mailbox counts; where nobody does, it is that of the system. */
function mailboxOf(...given: readonly WithMailbox[]): WithMailbox {
  const mailbox: Partial<MailboxSettings> = Object.assign({}, ...given.map((one) => one.mailbox))
  return Object.keys(mailbox).length === 0 ? {} : { mailbox }
}
