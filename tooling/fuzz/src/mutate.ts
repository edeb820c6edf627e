import type { Random } from '@casty/clock'

/** No input is longer: as many bytes as a control frame has at most. */
export const maxInputBytes = 65_536

/** What is most likely to be taken wrongly: ends of ranges, the greatest counts of several codecs. */
const extremes: readonly (readonly number[])[] = [
  [0],
  [0x7f],
  [0x80],
  [0xff],
  [0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff],
  [0x7f, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xdd, 0xff, 0xff, 0xff, 0xff],
  [0xdf, 0x00, 0x0f, 0xff, 0xff],
]

type Change = (bytes: Uint8Array, other: Uint8Array, random: Random) => Uint8Array

const changes: readonly Change[] = [
  flipped,
  flipped,
  replaced,
  replaced,
  (bytes, _other, random) => bytes.subarray(0, upTo(bytes.length, random)),
  spliced,
  (bytes, _other, random) => withoutRange(bytes, random),
  (bytes, _other, random) => withRangeTwice(bytes, random),
  (bytes, _other, random) => inserted(bytes, pick(extremes, random), random),
  inflated,
]

/** Valid bytes with one to four changes, bytes of chance alone, or now and then as much as fits. */
export function mutate(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  if (random() < 0.002) return swollen(bytes, random)
  if (random() < 0.05) return Uint8Array.from({ length: upTo(96, random) }, () => upTo(256, random))
  let changed = bytes
  for (let left = 1 + upTo(4, random); left > 0; left--) {
    changed = pick(changes, random)(changed, other, random)
  }
  return changed.subarray(0, maxInputBytes)
}

function flipped(bytes: Uint8Array, _other: Uint8Array, random: Random): Uint8Array {
  const changed = bytes.slice()
  const at = upTo(changed.length, random)
  if (changed.length > 0) changed[at] = (changed[at] ?? 0) ^ (1 << upTo(8, random))
  return changed
}

function replaced(bytes: Uint8Array, _other: Uint8Array, random: Random): Uint8Array {
  const changed = bytes.slice()
  if (changed.length > 0) changed[upTo(changed.length, random)] = upTo(256, random)
  return changed
}

/** The beginning of one and the end of another. */
function spliced(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const head = bytes.subarray(0, upTo(bytes.length + 1, random))
  return joined(head, other.subarray(upTo(other.length + 1, random)))
}

function withoutRange(bytes: Uint8Array, random: Random): Uint8Array {
  const [from, to] = range(bytes, random)
  return joined(bytes.subarray(0, from), bytes.subarray(to))
}

function withRangeTwice(bytes: Uint8Array, random: Random): Uint8Array {
  const [from, to] = range(bytes, random)
  return joined(bytes.subarray(0, to), bytes.subarray(from))
}

function inserted(bytes: Uint8Array, more: readonly number[], random: Random): Uint8Array {
  const at = upTo(bytes.length + 1, random)
  return joined(joined(bytes.subarray(0, at), Uint8Array.from(more)), bytes.subarray(at))
}

/** A length or a count in place of another one. */
function inflated(bytes: Uint8Array, _other: Uint8Array, random: Random): Uint8Array {
  const changed = bytes.slice()
  const more = pick(extremes, random)
  const at = upTo(changed.length, random)
  changed.set(more.slice(0, changed.length - at), at)
  return changed
}

/** One part of them again and again, so that what takes more than its share is found. */
function swollen(bytes: Uint8Array, random: Random): Uint8Array {
  const [from, to] = range(bytes, random)
  const part = bytes.subarray(from, Math.min(to, from + 1 + upTo(8, random)))
  if (part.length === 0) return bytes
  const grown = new Uint8Array(maxInputBytes)
  grown.set(bytes.subarray(0, to))
  for (let at = to; at + part.length <= maxInputBytes; at += part.length) grown.set(part, at)
  return grown
}

function range(bytes: Uint8Array, random: Random): readonly [from: number, to: number] {
  const from = upTo(bytes.length + 1, random)
  return [from, from + upTo(Math.min(64, bytes.length - from) + 1, random)]
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length)
  bytes.set(head)
  bytes.set(tail, head.length)
  return bytes
}

function upTo(end: number, random: Random): number {
  return Math.floor(random() * end)
}

export function pick<T>(items: readonly T[], random: Random): T {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new Error('There is nothing to pick from.')
  return item
}
