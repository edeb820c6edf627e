// Bytes as text of one letter per byte. A text takes a third of the memory that a small array of bytes does, and can be
// the key of a map.
import type { ByteReader, ByteWriter } from '@casty/transport'

const piece = 4_096

export function lettersOf(bytes: Uint8Array): string {
  // oxlint-disable-next-line unicorn/prefer-spread -- A call with the bytes as they are copies nothing.
  if (bytes.length <= piece)
    return String.fromCharCode.apply(undefined, bytes as unknown as number[])
  let letters = ''
  for (let at = 0; at < bytes.length; at += piece)
    letters += lettersOf(bytes.subarray(at, at + piece))
  return letters
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
