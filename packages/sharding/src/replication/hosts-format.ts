// What a node writes down of who has copies, as bytes.
import { NodeIdentity } from '@casty/transport'

/** Which nodes have copies, in a census: see `TypeTable`. */
export interface Hosts {
  readonly census: number
  /** Each address once: in the first life that may have had some. */
  readonly hosts: readonly NodeIdentity[]
  /**
   * This node came to it while some shards waited for what others have, or went by a former life of it, and had nothing; or it has come to have copies
   * since, and has yet to be filled: it is none of those who had copies.
   */
  readonly isLate?: boolean
  /** Of one that is late: when it came, every shard had an owner, so that somebody whom it names had whatever was confirmed. */
  readonly namesAll?: boolean
}

/** All that a disk says of it. */
export interface HostsOnDisk {
  /** The incarnation in which the disk was new; 0 where that was not written down yet. */
  readonly diskSince: number
  /** One for each census that is not done with. */
  readonly records: readonly Hosts[]
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export function writeHosts(written: HostsOnDisk): Uint8Array {
  return encoder.encode(JSON.stringify(written))
}

/** @throws TypeError where it cannot be read */
export function readHosts(bytes: Uint8Array): HostsOnDisk {
  const value: unknown = JSON.parse(decoder.decode(bytes))
  // Written before there was a census, a list of hosts alone: they are of one, the same for all.
  if (isTexts(value)) {
    const records = value.length === 0 ? [] : [{ census: 1, hosts: value.map(nodeOf) }]
    return { diskSince: 0, records }
  }
  // Written before it was known since when a disk is there.
  if (Array.isArray(value)) return { diskSince: 0, records: value.map(recordOf) }
  if (typeof value === 'object' && value && 'diskSince' in value && 'records' in value) {
    const { diskSince, records } = value
    if (typeof diskSince === 'number' && Array.isArray(records)) {
      return { diskSince, records: records.map(recordOf) }
    }
  }
  throw unreadable()
}

function recordOf(value: unknown): Hosts {
  if (typeof value !== 'object' || !value || !('hosts' in value && 'census' in value)) {
    throw unreadable()
  }
  const { census, hosts } = value
  const isLate = 'isLate' in value ? value.isLate : false
  const namesAll = 'namesAll' in value ? value.namesAll : false
  if (typeof isLate !== 'boolean' || typeof namesAll !== 'boolean') throw unreadable()
  if (typeof census !== 'number' || !isTexts(hosts)) throw unreadable()
  const known = { census, hosts: hosts.map(nodeOf) }
  return { ...known, ...(isLate && { isLate }), ...(namesAll && { namesAll }) }
}

/** Where no life is named, it was written before any disk said since when it is there: whoever has such a disk has it since then. */
function nodeOf(text: string): NodeIdentity {
  return NodeIdentity.parse(text.includes('#') ? text : `${text}#0`)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string')
}

function unreadable(): TypeError {
  return new TypeError('What says which nodes have copies cannot be read')
}
