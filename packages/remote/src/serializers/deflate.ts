import { deflateSync, Inflate } from 'fflate'
import type { Compression } from './compressed.ts'

/** One byte of deflate makes 1,032 at most, so this is how many go in before it is asked how many came out. */
const stepBytes = 1_024

/**
 * Raw deflate (RFC 1951) that runs wherever JavaScript does. In Node, `node:zlib` makes the same format
 * faster: see the README.
 */
export const deflate: Compression = {
  name: 'deflate',
  compress: (bytes) => deflateSync(bytes),
  decompress: inflated,
}

/** Stops soon after it has more than expected, whatever there is to come. */
function inflated(bytes: Uint8Array, sizeBytes: number): Uint8Array {
  const result = new Uint8Array(sizeBytes)
  let length = 0
  const inflate = new Inflate((chunk) => {
    if (chunk.length > sizeBytes - length) throw new RangeError('There is more than was said')
    result.set(chunk, length)
    length += chunk.length
  })
  for (let at = 0; at < bytes.length; at += stepBytes) {
    inflate.push(bytes.subarray(at, at + stepBytes), at + stepBytes >= bytes.length)
  }
  return result.subarray(0, length)
}
