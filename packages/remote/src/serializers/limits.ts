import { RemoteError } from '../errors.ts'

/**
 * What a message may hold. The sender keeps to it as the receiver does, so that a message that no node
 * would take fails where it was made.
 */
export interface SerializerLimits {
  /**
   * How deep arrays, objects and the like may be nested. Each level takes stack on both nodes.
   * @defaultValue 64
   */
  readonly maxDepth?: number
  /**
   * Items, properties and entries of one message, all levels together. It bounds the memory and the time that
   * bytes of a stranger can take: some 10 ms at the default.
   * @defaultValue 100_000
   */
  readonly maxElements?: number
  /**
   * Bytes of one message, before compression. The frames of the transport have a limit of their own,
   * which is lower by default.
   * @defaultValue 16_777_216
   */
  readonly maxMessageBytes?: number
}

/** What the limits are where nothing else is asked for. */
export const serializerLimits: Required<SerializerLimits> = {
  maxDepth: 64,
  maxElements: 100_000,
  maxMessageBytes: 16 * 1024 * 1024,
}

/** @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` */
export function checkLimits(of: string, given: SerializerLimits): Required<SerializerLimits> {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(serializerLimits, name)) continue
    const allowed = Object.keys(serializerLimits).join(', ')
    throw RemoteError.invalidOption(of, name, 'unknown', allowed)
  }
  const { maxDepth, maxElements, maxMessageBytes } = { ...serializerLimits, ...given }
  return {
    maxDepth: whole(of, 'maxDepth', maxDepth, 1_000),
    maxElements: whole(of, 'maxElements', maxElements, 0xffff_ffff),
    maxMessageBytes: whole(of, 'maxMessageBytes', maxMessageBytes, 0x4000_0000),
  }
}

/** @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` */
export function whole(of: string, option: string, value: number, max: number, min = 1): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw RemoteError.invalidOption(of, option, value, `an integer from ${min} to ${max}`)
}
