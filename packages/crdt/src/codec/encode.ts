// The bytes of a value are canonical: equal values are equal bytes, so that digests of them can be compared.
// Nodes are named once; dots refer to them by their place in the list.
import type { Crdt } from '../crdt.ts'
import { compareText } from '../kernel/compare-text.ts'
import type { CausalContext } from '../kernel/causal-context.ts'
import type { DotStore, Leaf } from '../kernel/dot-store.ts'
import type { Scalar } from '../kernel/payload.ts'
import type { FieldsShape, Shape } from '../kernel/shape.ts'
import { shapeBelow } from '../kernel/draft.ts'
import { ByteSink } from './byte-sink.ts'
import { formatVersion, scalarTags } from './format.ts'

/**
 * The state of a value as bytes: the same for equal values. What is gathered as its delta is not in it; a delta
 * is encoded as a value of its own.
 *
 * @example decode(gCounter(), encode(gCounter().empty.increment(new Replica('a')))).value // => 1
 */
export function encode<C extends Crdt<C>>(value: C): Uint8Array {
  const { store, context } = value.body.state
  const sink = new ByteSink()
  sink.u8(formatVersion)
  sink.text(value.type.name)
  const places = writeContext(sink, context)
  writeStore(sink, store, value.type.shape, places)
  return sink.finish()
}

/** How many bytes `encode` makes of it. */
export function byteSize<C extends Crdt<C>>(value: C): number {
  return encode(value).length
}

/** Per node its ranges, as distances. Answers the place of each node. */
function writeContext(sink: ByteSink, context: CausalContext): ReadonlyMap<string, number> {
  const { nodes } = context
  sink.varint(nodes.length)
  for (const node of nodes) {
    sink.text(node)
    const ranges = context.rangesOf(node)
    sink.varint(ranges.length / 2)
    let last = 0
    for (const bound of ranges) {
      sink.varint(bound - last)
      last = bound
    }
  }
  return new Map(nodes.map((node, place) => [node, place]))
}

function writeStore(
  sink: ByteSink,
  store: DotStore | undefined,
  shape: Shape,
  places: ReadonlyMap<string, number>,
): void {
  if (store === undefined) return
  if (store.type === 'leaf') return writeLeaf(sink, store, places)
  const keys = [...store.entries.keys()].toSorted(compareText)
  if (shape.type === 'fields') sink.u8(fieldBits(shape, keys))
  else sink.varint(keys.length)
  for (const key of keys) {
    if (shape.type !== 'fields') sink.text(key)
    writeStore(sink, store.entries.get(key), shapeBelow(shape, key), places)
  }
}

/** Which of the fields are there, a bit for each in the order of their names. */
function fieldBits(shape: FieldsShape, keys: readonly string[]): number {
  return Object.keys(shape.fields)
    .toSorted(compareText)
    .reduce((bits, field, place) => bits + (keys.includes(field) ? 2 ** place : 0), 0)
}

function writeLeaf(sink: ByteSink, leaf: Leaf, places: ReadonlyMap<string, number>): void {
  // Most leaves have one dot.
  const dots =
    leaf.dots.size === 1
      ? leaf.dots
      : [...leaf.dots].toSorted(([left], [right]) => compareText(left, right))
  sink.varint(leaf.dots.size)
  for (const [node, { counter, payload }] of dots) {
    // Dots are covered by the context, so every node has a place.
    sink.varint(places.get(node) ?? 0)
    sink.varint(counter)
    sink.varint(payload.length)
    for (const scalar of payload) writeScalar(sink, scalar)
  }
}

function writeScalar(sink: ByteSink, scalar: Scalar): void {
  if (typeof scalar === 'string') {
    sink.u8(scalarTags.text)
    sink.text(scalar)
  } else if (typeof scalar === 'bigint') {
    sink.u8(scalarTags.large)
    sink.text(scalar.toString(16))
  } else {
    sink.u8(scalar < 0 ? scalarTags.negative : scalarTags.positive)
    sink.varint(Math.abs(scalar))
  }
}
