import { RemoteError } from '../errors.ts'

const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws RemoteError `CASTY_REMOTE_MALFORMED` where it is no UTF-8: nothing is repaired */
export function decodeUtf8(bytes: Uint8Array, from: number, length: number): string {
  try {
    return textDecoder.decode(bytes.subarray(from, from + length))
  } catch (cause) {
    throw RemoteError.malformed('A text in a message is no UTF-8', cause)
  }
}

/** In bytes. */
export const longestShortText = 31

/** One list of each length, used again and again: making one takes longer than the rest. */
const letterLists: readonly number[][] = Array.from({ length: longestShortText + 1 }, (_, length) =>
  Array.from({ length }, () => 0),
)

/**
 * The same for at most `longestShortText` bytes, of which most are plain ASCII: faster than the call of a
 * decoder.
 */
export function readShortText(bytes: Uint8Array, from: number, length: number): string {
  const letters = letterLists[length] ?? []
  let all = 0
  for (let index = 0; index < length; index++) {
    const letter = bytes[from + index] ?? 0
    all |= letter
    letters[index] = letter
  }
  if (all >= 0x80) return decodeUtf8(bytes, from, length)
  // oxlint-disable-next-line unicorn/prefer-spread -- A call with a list that is there copies nothing.
  return String.fromCharCode.apply(undefined, letters)
}

/**
 * Writes text as UTF-8, which takes up to three bytes a code unit.
 *
 * @returns where it ends, or -1 where half a surrogate pair is in it
 */
export function writeUtf8(text: string, bytes: Uint8Array, start: number): number {
  let at = start
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) bytes[at++] = unit
    else if (unit < 0x800) {
      bytes[at++] = 0xc0 | (unit >> 6)
      bytes[at++] = 0x80 | (unit & 0x3f)
    } else if (unit < 0xd800 || unit > 0xdfff) {
      bytes[at++] = 0xe0 | (unit >> 12)
      bytes[at++] = 0x80 | ((unit >> 6) & 0x3f)
      bytes[at++] = 0x80 | (unit & 0x3f)
    } else {
      const point = text.codePointAt(index++) ?? 0
      if (unit > 0xdbff || point < 0x1_0000) return -1
      bytes[at++] = 0xf0 | (point >> 18)
      bytes[at++] = 0x80 | ((point >> 12) & 0x3f)
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f)
      bytes[at++] = 0x80 | (point & 0x3f)
    }
  }
  return at
}
