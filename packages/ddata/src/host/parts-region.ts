// The parts of a namespace as entities of a node, or as a client knows them.
import type { ActorSystem } from '@casty/actor'
import type { EntityRegion, Sharding, ShardingClient } from '@casty/sharding'
import type { CheckedOptions } from '../distributed-options.ts'
import { DDataError } from '../errors.ts'
import { machines } from '../kinds/machines.ts'
import type { Nobody } from '../session/lane-port.ts'
import { partEntity, type PartMessage, type PartSettings } from './part-entity.ts'
import { reportOfParts } from './part-errors.ts'
import { RepliesOfTurn } from './replies-of-turn.ts'
import { ShortOfRoom } from './short-of-room.ts'

/** A node hosts each namespace once, however many of its users there are. */
const regions = new WeakMap<Sharding | ShardingClient, Map<string, Hosted>>()

interface Hosted {
  readonly settings: CheckedOptions
  readonly region: EntityRegion<PartMessage>
}

/** Answers are kept for so long after a session was heard last, in milliseconds. */
export const resultTtlMs = 600_000

/** @throws DDataError `CASTY_DDATA_ARGUMENT`; ShardingError as `Sharding.start` */
export function regionOf(
  system: ActorSystem,
  sharding: Sharding | ShardingClient,
  settings: CheckedOptions,
): EntityRegion<PartMessage> {
  const { namespace, numShards, role, journal, copies, minAcks, maxCopyBytes } = settings
  const known = regions.get(sharding) ?? new Map<string, Hosted>()
  regions.set(sharding, known)
  const hosted = known.get(namespace)
  if (hosted) {
    checkSame(hosted.settings, settings)
    return hosted.region
  }
  const name = namespace === '' ? 'casty:ddata' : `casty:ddata:${namespace}`
  const type = { name, numShards, ...(role !== undefined && { role }) }
  const parts: PartSettings = {
    machines,
    journalPrefix: `${name}/`,
    idleTimeoutMs: settings.idleTimeoutMs,
    sessionTtlMs: settings.sessionTtlMs,
    resultTtlMs,
    maxUsers: 10_000,
    maxRecordBytes: 65_536,
    recordsPerSnapshot: settings.recordsPerSnapshot,
    bytesPerSnapshot: 65_536,
    growthPerSnapshot: 2,
    pieceBytes: 65_536,
    report: reportOfParts(system),
  }
  const unsent = (error: unknown): void => {
    system.logger?.error({ error }, 'An answer of a part of distributed structures cannot be sent')
  }
  const node = { replies: new RepliesOfTurn(unsent), shortOfRoom: new ShortOfRoom(system.clock) }
  const region =
    'start' in sharding
      ? sharding.start<PartMessage>({
          ...type,
          entity: (entity) => partEntity(entity, parts, node),
          stopMessage: { type: 'stop' },
          idleTimeoutMs: Infinity,
          ...(journal && { journal }),
          ...(copies > 1 && {
            replication: { replicas: copies - 1, minAcks, maxCopyBytes, savesWhole: true },
          }),
        })
      : sharding.startProxy<PartMessage>(type)
  known.set(namespace, { settings, region })
  return region
}

/** What has to be one for all users of a namespace on a node. */
const hostedOptions = [
  'journal',
  'copies',
  'minAcks',
  'maxCopyBytes',
  'numShards',
  'role',
] as const satisfies (keyof CheckedOptions)[]

/** @throws DDataError `CASTY_DDATA_ARGUMENT` */
function checkSame(existing: CheckedOptions, wanted: CheckedOptions): void {
  for (const option of hostedOptions) {
    if (existing[option] === wanted[option]) continue
    throw DDataError.argument(
      `options (${option})`,
      wanted[option],
      'what this node uses for that namespace already',
    )
  }
}

/**
 * A part that nobody owns is one that nobody hosts, or whose disks are waited for. Who had it last stays its owner until
 * another one takes over: soon, where that need not wait for disks.
 */
export function whyNobodyIn(region: EntityRegion<PartMessage>, part: string): Nobody | undefined {
  const shard = region.shardOf(part)
  const { owner, isOwnerReachable, route, hasLease, isOnDisks, summary } = region.explain(shard)
  const onDisks = `it is in shard ${shard} of ${region.type}. ${summary.replace(/\.$/, '')}`
  if (owner !== undefined) {
    const isForNow = true
    if (!isOwnerReachable) {
      // It may be that its disks are waited for.
      const why = isOnDisks ? onDisks : `${owner}, which keeps it, is out of reach`
      return { why, isForNow }
    }
    if (route !== 'here' || hasLease) return undefined
    const why = 'this node keeps it, and may do nothing while it is out of touch with the others'
    return { why, isForNow }
  }
  const why = isOnDisks
    ? onDisks
    : 'no member that is up and in reach keeps structures of this namespace. They are kept where there is a Distributed, ' +
      'and by systems that are started with `distributed`'
  return { why, isForNow: false }
}
