import { RemoteError } from '../errors.ts'
import type { RefCodec, Serializer } from '../serializer.ts'
import { deflate } from './deflate.ts'
import { serializerLimits, whole } from './limits.ts'
import { malformed, malformedError } from './malformed-error.ts'
import { refusalError } from './refusal.ts'
import { copied } from './text-cache.ts'

/** A way to make bytes fewer, and to get them back. */
export interface Compression {
  /** Both ends must use the same format: it becomes part of the name of the serializer. */
  readonly name: string
  compress(bytes: Uint8Array): Uint8Array
  /**
   * The bytes come from another node, and nobody vouches for them: it must neither make nor hold many more
   * than `sizeBytes`, and may throw whatever it likes.
   *
   * @param sizeBytes - how many the result has to have
   */
  decompress(bytes: Uint8Array, sizeBytes: number): Uint8Array
}

export interface CompressionOptions {
  /**
   * Messages of fewer bytes are left as they are: compressing them takes longer than sending them.
   * @defaultValue 1_024
   */
  readonly thresholdBytes?: number
  /** @defaultValue `deflate`, which runs everywhere */
  readonly algorithm?: Compression
  /**
   * Bytes of one message when it is decompressed again. The sender leaves longer messages as they are.
   * @defaultValue 16_777_216
   */
  readonly maxMessageBytes?: number
}

export const compressionDefaults: Required<CompressionOptions> = {
  thresholdBytes: 1_024,
  algorithm: deflate,
  maxMessageBytes: serializerLimits.maxMessageBytes,
}

/** The first byte of what is sent. */
const plain = 0
const packed = 1
/** Behind it, when compressed: how many bytes it is without compression, big-endian. */
const headBytes = 5
/**
 * The ratio is bounded: the 64 KiB that are read in one turn of the event loop become no more than a mebibyte, or two where
 * they are thousands of short messages, which the transport spreads over several turns. Few messages shrink by more, and those go as they are.
 */
const freeBytes = 384
const maxRatio = 16

/**
 * Another serializer whose long messages are compressed, where that makes them shorter. Both nodes need
 * it; its name says so.
 *
 * @throws RemoteError `CASTY_REMOTE_INVALID_OPTION`
 * @example compressed(msgpackSerializer(), { thresholdBytes: 4_096 }).name // => 'msgpack+deflate'
 */
export function compressed(inner: Serializer, options: CompressionOptions = {}): Serializer {
  return new CompressedSerializer(inner, checked(options))
}

class CompressedSerializer implements Serializer {
  readonly name: string
  readonly #inner: Serializer
  readonly #options: Required<CompressionOptions>

  constructor(inner: Serializer, options: Required<CompressionOptions>) {
    this.name = `${inner.name}+${options.algorithm.name}`
    this.#inner = inner
    this.#options = options
  }

  serialize(message: unknown, refs: RefCodec): Uint8Array {
    const bytes = this.#inner.serialize(message, refs)
    const data = this.#shorter(bytes)
    if (data === undefined) return prefixed(Uint8Array.of(plain), bytes)
    const head = new Uint8Array(headBytes)
    head[0] = packed
    new DataView(head.buffer).setUint32(1, bytes.length)
    return prefixed(head, data)
  }

  /** Nothing where compression does not pay, or makes what no receiver takes. */
  #shorter(bytes: Uint8Array): Uint8Array | undefined {
    const { algorithm, maxMessageBytes, thresholdBytes } = this.#options
    if (bytes.length < thresholdBytes || bytes.length > maxMessageBytes) return undefined
    try {
      const data = algorithm.compress(bytes)
      const pays = data.length + headBytes <= bytes.length
      return pays && isAllowed(bytes.length, data.length) ? data : undefined
    } catch (error) {
      throw refusalError(error)
    }
  }

  deserialize(bytes: Uint8Array, start: number, end: number, refs: RefCodec): unknown {
    const form = end > start ? bytes[start] : undefined
    if (form === plain) return this.#inner.deserialize(bytes, start + 1, end, refs)
    if (form !== packed) throw malformed('it is neither compressed nor plain')
    const data = this.#decompressed(bytes, start, end)
    return this.#inner.deserialize(data, 0, data.length, refs)
  }

  #decompressed(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const length = end - start - headBytes
    if (length < 0 || end > bytes.length) throw malformed('it ends before its data')
    const sizeBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(start + 1)
    if (sizeBytes > this.#options.maxMessageBytes || !isAllowed(sizeBytes, length)) {
      throw malformed(`${length} bytes say that they are ${sizeBytes} when decompressed`)
    }
    try {
      const data = copied(bytes, start + headBytes, length)
      const decompressed = this.#options.algorithm.decompress(data, sizeBytes)
      if (decompressed.length === sizeBytes) return decompressed
    } catch (error) {
      throw malformedError(error)
    }
    throw malformed('it has not the size that it says when decompressed')
  }
}

function isAllowed(sizeBytes: number, compressedBytes: number): boolean {
  return sizeBytes <= Math.max(freeBytes, compressedBytes * maxRatio)
}

function prefixed(head: Uint8Array, data: Uint8Array): Uint8Array {
  const whole = new Uint8Array(head.length + data.length)
  whole.set(head)
  whole.set(data, head.length)
  return whole
}

function checked(options: CompressionOptions): Required<CompressionOptions> {
  const of = 'compressed()'
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(compressionDefaults, name)) continue
    const allowed = Object.keys(compressionDefaults).join(', ')
    throw RemoteError.invalidOption(of, name, 'unknown', allowed)
  }
  const { algorithm, maxMessageBytes, thresholdBytes } = { ...compressionDefaults, ...options }
  if (!isCompression(algorithm)) {
    const allowed = 'an object with name, compress and decompress'
    throw RemoteError.invalidOption(of, 'algorithm', algorithm, allowed)
  }
  return {
    algorithm,
    maxMessageBytes: whole(of, 'maxMessageBytes', maxMessageBytes, 0x4000_0000),
    thresholdBytes: whole(of, 'thresholdBytes', thresholdBytes, 0x4000_0000, 0),
  }
}

/** A user may have no types. */
function isCompression(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const methods = [Reflect.get(value, 'compress'), Reflect.get(value, 'decompress')]
  const name: unknown = Reflect.get(value, 'name')
  return typeof name === 'string' && name !== '' && methods.every((it) => typeof it === 'function')
}
