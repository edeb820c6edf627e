import { describeValue } from '@casty/options'

export type ShardingErrorCode =
  | 'CASTY_SHARDING_INVALID_OPTION'
  | 'CASTY_SHARDING_JOURNAL_SHARED'
  | 'CASTY_SHARDING_LINEAGE_UNCLEAR'
  | 'CASTY_SHARDING_MALFORMED'
  | 'CASTY_SHARDING_MESSAGE_TOO_LARGE'
  | 'CASTY_SHARDING_NOT_AN_ENTITY'
  | 'CASTY_SHARDING_NOT_SENT'
  | 'CASTY_SHARDING_NOT_WATCHABLE'
  | 'CASTY_SHARDING_NOT_WAITING'
  | 'CASTY_SHARDING_NO_COORDINATOR'
  | 'CASTY_SHARDING_NO_ROOM'
  | 'CASTY_SHARDING_OTHER_LINEAGE'
  | 'CASTY_SHARDING_REPLICAS_OUT_OF_REACH'
  | 'CASTY_SHARDING_REPLICATION_TIMEOUT'
  | 'CASTY_SHARDING_STOPPED'
  | 'CASTY_SHARDING_TYPE_DIFFERS'
  | 'CASTY_SHARDING_TYPE_TAKEN'

/** So many of several reasons are told in words. */
const maxReasons = 5

/** Match on `code`: `instanceof` fails when two versions of this package are installed. */
export class ShardingError extends Error {
  override readonly name = 'ShardingError'
  readonly code: ShardingErrorCode

  private constructor(code: ShardingErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  static invalidOption(option: string, value: unknown, allowed: string): ShardingError {
    return new ShardingError(
      'CASTY_SHARDING_INVALID_OPTION',
      `Option ${option} is ${describeValue(value)}; allowed is ${allowed}.`,
    )
  }

  static unknownOption(option: string, nearest: readonly string[]): ShardingError {
    return new ShardingError(
      'CASTY_SHARDING_INVALID_OPTION',
      `Option ${option} is not known; allowed is ${nearest.join(', ')}.`,
    )
  }

  static journalShared(name: string, cause: unknown): ShardingError {
    return new ShardingError(
      'CASTY_SHARDING_JOURNAL_SHARED',
      `Another process writes the journal that this node keeps its copies of ${name} in, so this one stores nothing more of ` +
        'them. Where a type has replication, give each node a journal of its own; one that all share needs no replication.',
      { cause },
    )
  }

  static lineageUnclear(name: string, shard: number, sides: readonly string[]): ShardingError {
    const known = sides.length === 0 ? 'none' : sides.join('; ')
    return new ShardingError(
      'CASTY_SHARDING_LINEAGE_UNCLEAR',
      `Nothing of shard ${shard} of ${name} was given up: it has to be said which of its lineages counts. Known are: ${known}. ` +
        'Call recover() with the lineage of one of them.',
    )
  }

  static malformed(what: string, cause?: unknown): ShardingError {
    return new ShardingError('CASTY_SHARDING_MALFORMED', `${what}. The frame was dropped.`, {
      cause,
    })
  }

  static messageTooLarge(to: string, sizeBytes: number, maxBytes: number): ShardingError {
    return new ShardingError(
      'CASTY_SHARDING_MESSAGE_TOO_LARGE',
      `A message of ${sizeBytes} bytes to ${to} does not fit into a frame of ${maxBytes}. ` +
        'Send less at once, as a stream, or raise limits.maxDataFrameBytes of all nodes.',
    )
  }

  static notAnEntity(path: string): ShardingError {
    return new ShardingError(
      'CASTY_SHARDING_NOT_AN_ENTITY',
      `${path} is no running entity of this region. Only those that run on this node can be passivated here.`,
    )
  }

  /** @param errors - several, of shares of one message */
  static notSent(errors: readonly unknown[]): ShardingError {
    const reasons = new Set(
      errors.map((error) => (error instanceof Error ? error.message : String(error))),
    )
    const first = [...reasons].slice(0, maxReasons)
    const more = reasons.size - first.length
    return new ShardingError(
      'CASTY_SHARDING_NOT_SENT',
      `Some of what was told to several entities could not be sent, for ${errors.length} reasons; all else is on its way. ` +
        `Each is among the errors of the cause: ${first.join(' ')}${more > 0 ? ` And ${more} more.` : ''}`,
      { cause: new AggregateError(errors) },
    )
  }

  static notWatchable(path: string): ShardingError {
    return new ShardingError(
      'CASTY_SHARDING_NOT_WATCHABLE',
      `${path} is an entity, which starts again with its next message: it has no end to watch for. ` +
        'Have it send a message where others are to know of something.',
    )
  }

  static notAMember(name: string, shard: number): ShardingError {
    return new ShardingError(
      'CASTY_SHARDING_NO_COORDINATOR',
      `A client of the cluster cannot decide how shard ${shard} of ${name} goes on. Call recover() on a member.`,
    )
  }

  static notWaiting(name: string, shard: number): ShardingError {
    return new ShardingError(
      'CASTY_SHARDING_NOT_WAITING',
      `Shard ${shard} of ${name} waits for nothing that could be given up, or not any more. See explain(${shard}) on the node that gives out shards.`,
    )
  }

  static noCoordinator(name: string, shard: number, timeoutMs: number): ShardingError {
    return new ShardingError(
      'CASTY_SHARDING_NO_COORDINATOR',
      `Whoever gives out shards did not answer within ${timeoutMs} ms whether shard ${shard} of ${name} goes on. Look for it with explain(shard), and call recover() again.`,
    )
  }

  static otherLineage(name: string, shard: number, owner: string): ShardingError {
    return new ShardingError(
      'CASTY_SHARDING_OTHER_LINEAGE',
      `What this node has on disk of shard ${shard} of ${name} does not come from where the copies of its owner, ${owner}, do: that shard was begun ` +
        'anew without it. This node keeps what it has, and confirms no write of that shard. Have people decide which counts, with recover(shard, { lineage }).',
    )
  }

  static replicationTimeout(
    id: string,
    {
      acknowledged,
      minAcks,
      withoutRoom,
      ackTimeoutMs,
    }: {
      readonly acknowledged: number
      readonly minAcks: number
      /** Replicas that have no room for a copy. */
      readonly withoutRoom: number
      readonly ackTimeoutMs: number
    },
  ): ShardingError {
    const noRoom =
      withoutRoom > 0
        ? ` ${withoutRoom} of them had no room for a copy: raise replication.maxCopyBytes.`
        : ''
    return new ShardingError(
      'CASTY_SHARDING_REPLICATION_TIMEOUT',
      `${acknowledged} of ${minAcks} replicas confirmed a write of ${describeValue(id)} within ${ackTimeoutMs} ms, or ` +
        'before its shard went elsewhere. Whether it is kept is not known: read it again, and look for nodes that are out of ' +
        `reach.${noRoom}`,
    )
  }

  static noRoom(id: string): ShardingError {
    return new ShardingError(
      'CASTY_SHARDING_NO_ROOM',
      `Nothing was written for ${describeValue(id)}: the node that owns its shard has no room for more copies. Raise ` +
        'replication.maxCopyBytes on all nodes, or have events deleted.',
    )
  }

  static replicasOutOfReach(
    id: string,
    inReach: number,
    minAcks: number,
    ackTimeoutMs: number,
  ): ShardingError {
    return new ShardingError(
      'CASTY_SHARDING_REPLICAS_OUT_OF_REACH',
      `Nothing was written for ${describeValue(id)}: of ${minAcks} replicas that have to confirm it, ${inReach} were in ` +
        `reach for ${ackTimeoutMs} ms. Try it again once more nodes are up, or lower replication.minAcks.`,
    )
  }

  static stopped(what: string): ShardingError {
    return new ShardingError(
      'CASTY_SHARDING_STOPPED',
      `This node has left its cluster or its sharding was disposed of, so it cannot ${what}.`,
    )
  }

  static typeDiffers(name: string, here: number, there: number): ShardingError {
    return new ShardingError(
      'CASTY_SHARDING_TYPE_DIFFERS',
      `Entity type ${name} has ${here} shards here, and ${there} in the cluster, which cannot be changed while it ` +
        'runs. Start it with the same numShards on all nodes.',
    )
  }

  static typeTaken(name: string): ShardingError {
    return new ShardingError(
      'CASTY_SHARDING_TYPE_TAKEN',
      `Entity type ${name} was started on this node already, perhaps with another numShards, or hashes like one that was. ` +
        'Keep the region that start() returned, name the same numShards, or choose another name.',
    )
  }
}

/** @throws what there is: itself where it is one alone, or else ShardingError `CASTY_SHARDING_NOT_SENT` */
export function throwAll(errors: readonly unknown[]): void {
  if (errors.length > 1) throw ShardingError.notSent(errors)
  for (const error of errors) throw error
}
