// Bytes as text of one letter per byte. A text takes a third of the memory that a small array of bytes does, and can be
// the key of a map.
import type { ByteReader, ByteWriter } from '@casty/transport'

// Named here, because the package is compiled without the types of any runtime.
declare const Buffer:
  | {
      readonly prototype: { latin1Slice?: (this: Uint8Array, start: number, end: number) => string }
    }
  | undefined

/** What makes text of many bytes at once, a letter of each, where the runtime has that: in Node. */
const sliceOf = typeof Buffer === 'undefined' ? undefined : Buffer.prototype.latin1Slice

const piece = 4_096
/** Up to here a list that is there takes less than what the runtime has. */
const shortBytes = 32
/** One list of each length, used again and again: making one takes longer than the rest. */
const lists: readonly number[][] = Array.from({ length: shortBytes + 1 }, (_, length) =>
  Array.from({ length }, () => 0),
)

export function lettersOf(bytes: Uint8Array): string {
  const { length } = bytes
  if (length <= shortBytes) return shortLetters(bytes)
  if (sliceOf) return sliceOf.call(bytes, 0, length)
  // oxlint-disable-next-line unicorn/prefer-spread -- A call with the bytes as they are copies nothing.
  if (length <= piece) return String.fromCharCode.apply(undefined, bytes as unknown as number[])
  let letters = ''
  for (let at = 0; at < length; at += piece) letters += lettersOf(bytes.subarray(at, at + piece))
  return letters
}

function shortLetters(bytes: Uint8Array): string {
  const letters = lists[bytes.length] ?? []
  for (let at = 0; at < letters.length; at++) letters[at] = bytes[at] ?? 0
  // oxlint-disable-next-line unicorn/prefer-spread -- A call with a list that is there copies nothing.
  return String.fromCharCode.apply(undefined, letters)
}

export function bytesOf(letters: string): Uint8Array {
  const bytes = new Uint8Array(letters.length)
  for (let at = 0; at < letters.length; at++) bytes[at] = letters.charCodeAt(at)
  return bytes
}

/** As `ByteReader.bytes` reads them. */
export function writeLetters(out: ByteWriter, letters: string): void {
  const bytes = bytesOf(letters)
  out.bytes(bytes, bytes.length)
}

export function readLetters(from: ByteReader): string {
  return lettersOf(from.view(from.remaining))
}
