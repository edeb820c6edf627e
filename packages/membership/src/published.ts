// What users publish travels in frames. What does not fit one is refused at the door: on the way it
// would only be dropped, again and again.
import { canonicalFingerprint, type Forbidden, type NodeIdentity } from '@casty/transport'
import type { ShardAllocation } from './allocations.ts'
import { maxNameBytes } from './codec-limits.ts'
import { encodeMessage } from './codec.ts'
import { MembershipError } from './errors.ts'
import { capable, record, text, whole } from './option-values.ts'
import { highestBelieved } from './plausibility.ts'
import type { RegistryRow } from './registry.ts'

/** A table on its way shares its frame with a few bytes of others. */
const spareBytes = 64
const anyServiceBytes = 2 * maxNameBytes + 8
/** What a character takes at most, and what a service takes besides its texts. */
const characterBytes = 3
const serviceOverhead = 8

/** @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` */
export function checkService(key: string, path: string): void {
  text('key', key, maxNameBytes)
  text('path', path, maxNameBytes)
}

/**
 * Who is to be evicted, as all members write it.
 *
 * @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION`
 */
export function checkForbidden(forbidden: Forbidden, self: NodeIdentity): Forbidden {
  record('forbid()', forbidden)
  if (!('address' in forbidden)) return { fingerprint: checkFingerprint(forbidden.fingerprint) }
  capable('address', forbidden.address, ['equals'], 'a NodeAddress')
  if (forbidden.address.equals(self.address)) {
    throw MembershipError.invalidOption('address', `${self.address}`, 'of another node')
  }
  return forbidden
}

function checkFingerprint(fingerprint: string): string {
  const canonical = typeof fingerprint === 'string' && canonicalFingerprint(fingerprint)
  if (canonical) return canonical
  const allowed = 'the SHA-256 of a certificate, in 64 hexadecimal digits, as openssl shows it'
  throw MembershipError.invalidOption('fingerprint', fingerprint, allowed)
}

/**
 * Checks that all that a node offers fits a frame.
 *
 * @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION`
 */
export function checkOffer(row: RegistryRow, maxFrameBytes: number): void {
  const { length } = row.services
  if (length * anyServiceBytes + spareBytes <= maxFrameBytes) return
  // With many it is checked often: only what may be too much is written to know it.
  if (mostBytesOf(row) + spareBytes <= maxFrameBytes) return
  const message = { type: 'sections', tables: [], registry: [row], changes: [] } as const
  if (encodeMessage(message).length + spareBytes <= maxFrameBytes) return
  throw tooLarge('services', `${length} services`, maxFrameBytes)
}

function mostBytesOf({ node, services }: RegistryRow): number {
  let bytes = characterBytes * node.key.length + 4 * serviceOverhead
  for (const { key, path } of services) {
    bytes += characterBytes * (key.length + path.length) + serviceOverhead
  }
  return bytes
}

/** @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` */
export function checkTable(
  type: string,
  shards: ReadonlyMap<number, ShardAllocation>,
  epoch: number,
  author: NodeIdentity,
  { maxFrameBytes, wallNow }: { readonly maxFrameBytes: number; readonly wallNow: number },
): void {
  text('type', type, maxNameBytes)
  whole('epoch', epoch, 0, highestBelieved(wallNow))
  for (const shard of shards.keys()) whole('shards', shard, 0, Number.MAX_SAFE_INTEGER)
  const table = { epoch, author: author.key, shards }
  const message = { type: 'sections', tables: [[type, table]], registry: [], changes: [] } as const
  if (encodeMessage(message).length + spareBytes <= maxFrameBytes) return
  throw tooLarge('shards', `a table of ${shards.size}`, maxFrameBytes)
}

function tooLarge(option: string, value: string, maxFrameBytes: number): MembershipError {
  const allowed = `what fits a frame of limits.maxDataFrameBytes (${maxFrameBytes})`
  return MembershipError.invalidOption(option, value, allowed)
}
