import { deflateRaw, Inflate } from 'pako'
import type { Compression } from './compressed.ts'

/** How many bytes come out at once: as many as are looked at before more are made. */
const chunkBytes = 65_536

/**
 * Raw deflate (RFC 1951) that runs wherever JavaScript does. In Node, `node:zlib` makes the same format
 * faster: see the README.
 */
export const deflate: Compression = {
  name: 'deflate',
  compress: (bytes) => deflateRaw(bytes),
  decompress: inflated,
}

/** Stops soon after it has more than expected, whatever there is to come. */
function inflated(bytes: Uint8Array, sizeBytes: number): Uint8Array {
  const result = new Uint8Array(sizeBytes)
  let length = 0
  const inflate = new Inflate({ raw: true, chunkSize: Math.min(sizeBytes + 1, chunkBytes) })
  inflate.onData = (chunk) => {
    if (chunk.length > sizeBytes - length) throw new RangeError('There is more than was said')
    result.set(chunk, length)
    length += chunk.length
  }
  if (!inflate.push(bytes, true)) throw new Error(inflate.msg)
  return result.subarray(0, length)
}
