import {
  ClassRegistry,
  type ClassData,
  type ClassSerializer,
  type MessageClass,
} from './class-registry.ts'
import type { RefCodec, Serializer } from '../serializer.ts'
import { checkLimits, type SerializerLimits } from './limits.ts'
import type { FrontRoomSerializer } from '../written.ts'
import type { MsgpackOutput } from './msgpack-output.ts'
import { MsgpackReader } from './msgpack-reader.ts'
import { MsgpackWriter } from './msgpack-writer.ts'

/**
 * The default: messages in MessagePack. Refs at any depth, `Map`, `Set`, `Date`, `bigint`, `Uint8Array`,
 * `undefined`, NaN, −0, errors and instances of registered classes arrive as what they were.
 *
 * @param options - limits, which every node should have alike
 * @throws RemoteError `CASTY_REMOTE_INVALID_OPTION`
 * @see https://github.com/msgpack/msgpack/blob/master/spec.md
 * @example msgpackSerializer({ maxDepth: 16 }).name // => 'msgpack'
 */
export function msgpackSerializer(options: SerializerLimits = {}): ClassSerializer {
  return new MsgpackSerializer(checkLimits('msgpackSerializer()', options))
}

/** Where that is the one, its messages are sent from where they were written. */
export function isMsgpack(serializer: Serializer): serializer is FrontRoomSerializer & Serializer {
  return serializer instanceof MsgpackSerializer
}

class MsgpackSerializer implements ClassSerializer, FrontRoomSerializer {
  readonly name = 'msgpack'
  readonly #classes = new ClassRegistry()
  readonly #limits: Required<SerializerLimits>
  readonly #writer: MsgpackWriter
  readonly #reader: MsgpackReader
  #isWriting = false
  #isReading = false

  constructor(limits: Required<SerializerLimits>) {
    this.#limits = limits
    this.#writer = new MsgpackWriter(this.#classes, limits)
    this.#reader = new MsgpackReader(this.#classes, limits)
  }

  register<T extends object>(name: string, type: MessageClass<T>, data?: ClassData<T>): this {
    this.#classes.register(name, type, data)
    return this
  }

  serialize(message: unknown, refs: RefCodec): Uint8Array {
    return this.write(message, refs).written()
  }

  write(message: unknown, refs: RefCodec): MsgpackOutput {
    // Getters and `toData` may serialize too, in the middle of this.
    if (this.#isWriting) return new MsgpackWriter(this.#classes, this.#limits).write(message, refs)
    this.#isWriting = true
    try {
      return this.#writer.write(message, refs)
    } finally {
      this.#isWriting = false
    }
  }

  deserialize(bytes: Uint8Array, start: number, end: number, refs: RefCodec): unknown {
    if (this.#isReading) {
      return new MsgpackReader(this.#classes, this.#limits).read(bytes, start, end, refs)
    }
    this.#isReading = true
    try {
      return this.#reader.read(bytes, start, end, refs)
    } finally {
      this.#isReading = false
    }
  }
}
