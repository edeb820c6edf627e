// Nothing that is read is trusted: every order, limit and reference is checked, so that what is decoded is a
// value that this package could have made, and encodes to the same bytes.
import { fresh, type Crdt, type CrdtType } from '../crdt.ts'
import { CrdtError } from '../errors.ts'
import { CausalContext } from '../kernel/causal-context.ts'
import { compareText } from '../kernel/compare-text.ts'
import type { DotStore, Stamp } from '../kernel/dot-store.ts'
import type { Payload, Scalar } from '../kernel/payload.ts'
import { countOf } from '../kernel/payload.ts'
import type { BranchShape, FieldsShape, LeafShape, Shape } from '../kernel/shape.ts'
import { isNodeName } from '../replica.ts'
import { ByteSource } from './byte-source.ts'
import { formatVersion, scalarTags } from './format.ts'

export interface DecodeOptions {
  /** Longer bytes are refused unread. Lower it to bound what one value can take. @defaultValue 16 MiB */
  readonly maxBytes?: number
}

/** The limits of `decode`, where nothing else is said. */
export const decodeDefaults: Required<DecodeOptions> = { maxBytes: 16 * 1024 * 1024 }

/**
 * The value that `encode` wrote.
 *
 * @throws CrdtError `CASTY_CRDT_MALFORMED` for any bytes that `encode` does not write,
 * `CASTY_CRDT_TYPE_MISMATCH` for a value of another type
 */
export function decode<C extends Crdt<C>>(
  type: CrdtType<C>,
  bytes: Uint8Array,
  { maxBytes = decodeDefaults.maxBytes }: DecodeOptions = {},
): C {
  if (bytes.length > maxBytes) {
    throw CrdtError.malformed(`they are ${bytes.length}, and ${maxBytes} is allowed`)
  }
  const source = new ByteSource(bytes)
  if (source.u8() !== formatVersion) throw CrdtError.malformed('their format is not known')
  const name = source.text()
  if (name !== type.name) throw CrdtError.typeMismatch(type.name, name)
  const context = readContext(source)
  const store =
    source.remaining === 0
      ? undefined
      : readStore({ source, context, nodes: context.nodes }, type.shape)
  if (source.remaining > 0) throw CrdtError.malformed(`${source.remaining} are left over`)
  return fresh(type, { store, context })
}

interface Reading {
  readonly source: ByteSource
  readonly context: CausalContext
  readonly nodes: readonly string[]
}

function readContext(source: ByteSource): CausalContext {
  const nodes: [string, number[]][] = []
  const count = source.count(4)
  for (let index = 0; index < count; index++) {
    const node = source.text()
    const before = nodes.at(-1)?.[0]
    if (!isNodeName(node) || (before !== undefined && compareText(before, node) >= 0)) {
      throw CrdtError.malformed('a node has no name, or stands in the wrong place')
    }
    nodes.push([node, readRanges(source)])
  }
  return CausalContext.of(nodes)
}

function readRanges(source: ByteSource): number[] {
  const ranges: number[] = []
  const count = source.count(2)
  let last = 0
  for (let index = 0; index < count * 2; index++) {
    const distance = source.varint()
    // A range begins beyond the next counter after the one before, or else both were one range.
    const least = index % 2 === 1 ? 0 : index === 0 ? 1 : 2
    last += distance
    if (distance < least || !Number.isSafeInteger(last)) {
      throw CrdtError.malformed('a range of counters is out of order')
    }
    ranges.push(last)
  }
  if (count === 0) throw CrdtError.malformed('a node has no counters')
  return ranges
}

function readStore(reading: Reading, shape: Shape): DotStore {
  switch (shape.type) {
    case 'leaf':
      return readLeaf(reading, shape)
    case 'branch':
      return readBranch(reading, shape)
    case 'fields':
      return readFields(reading, shape)
  }
}

function readBranch(reading: Reading, shape: BranchShape): DotStore {
  const { source } = reading
  const count = nonEmpty(source.count(2))
  const entries = new Map<string, DotStore>()
  let before: string | undefined
  for (let index = 0; index < count; index++) {
    const key = source.text()
    if (!shape.isKey(key) || (before !== undefined && compareText(before, key) >= 0)) {
      throw CrdtError.malformed('a key is none of this type, or stands in the wrong place')
    }
    entries.set(key, readStore(reading, shape.below))
    before = key
  }
  return { type: 'branch', entries }
}

function readFields(reading: Reading, shape: FieldsShape): DotStore {
  const bits = nonEmpty(reading.source.u8())
  const fields = Object.entries(shape.fields).toSorted(([left], [right]) =>
    compareText(left, right),
  )
  if (bits >= 2 ** fields.length) throw CrdtError.malformed('a field is not known')
  const present = fields.filter((_, place) => Math.floor(bits / 2 ** place) % 2 === 1)
  const entries = present.map(([field, below]) => [field, readStore(reading, below)] as const)
  return { type: 'branch', entries: new Map(entries) }
}

function readLeaf(reading: Reading, shape: LeafShape): DotStore {
  const { source, context, nodes } = reading
  const count = nonEmpty(source.count(3))
  const dots = new Map<string, Stamp>()
  let before = -1
  for (let index = 0; index < count; index++) {
    const place = source.varint()
    const node = nodes[place]
    const counter = source.varint()
    if (node === undefined || place <= before || !context.covers(node, counter)) {
      throw CrdtError.malformed('a dot is out of order, or in no context')
    }
    dots.set(node, { counter, payload: readPayload(source, shape) })
    before = place
  }
  return { type: 'leaf', dots }
}

/** What holds nothing is not written. */
function nonEmpty(count: number): number {
  if (count === 0) throw CrdtError.malformed('something is there that holds nothing')
  return count
}

function readPayload(source: ByteSource, shape: LeafShape): Payload {
  const payload = Array.from({ length: source.count(2) }, () => readScalar(source))
  if (shape.isPayload(payload)) return payload
  throw CrdtError.malformed('a dot carries what this type has no use for')
}

function readScalar(source: ByteSource): Scalar {
  const tag = source.u8()
  switch (tag) {
    case scalarTags.positive:
      return source.varint()
    case scalarTags.negative: {
      const value = source.varint()
      if (value > 0) return -value
      break
    }
    case scalarTags.large: {
      const value = largeOf(source.text())
      if (value !== undefined) return value
      break
    }
    case scalarTags.text:
      return source.text()
    default:
  }
  throw CrdtError.malformed('a part of what a dot carries is none')
}

/** How large a count may get: 2 to the power of 4,096 takes 1,024 digits. */
const maxDigits = 1024

function largeOf(digits: string): bigint | undefined {
  if (!/^[1-9a-f][0-9a-f]*$/.test(digits) || digits.length > maxDigits) return undefined
  const value = BigInt(`0x${digits}`)
  return typeof countOf(value) === 'bigint' ? value : undefined
}
