import type { ActorRef } from '@casty/actor'

/** How what means something between two nodes becomes data inside of messages, and itself again: refs, first of all. */
export interface RefCodec {
  /** Whether that is a ref, which `toBytes` and `toText` take. */
  isRef(value: object): boolean
  /** Good until the next call. @throws RemoteError `CASTY_REMOTE_NOT_SERIALIZABLE` */
  toBytes(ref: ActorRef<never>): Uint8Array
  /** @throws RemoteError `CASTY_REMOTE_MALFORMED` */
  fromBytes(bytes: Uint8Array, start?: number, end?: number): ActorRef<never>
  /** The same for formats of text. @throws RemoteError `CASTY_REMOTE_NOT_SERIALIZABLE` */
  toText(ref: ActorRef<never>): string
  /** @throws RemoteError `CASTY_REMOTE_MALFORMED` */
  fromText(text: string): ActorRef<never>
  /** Without it classes travel by name: so they do in bytes that are kept. */
  readonly classes?: ClassCodec
}

/**
 * Which classes messages name by number, between two nodes. The number of a class is from 0 to 65,535, and means the same
 * for every name and in every message; whether the other node has that class by that number is known here.
 */
export interface ClassCodec {
  /** Whether the node that the message is for takes the number of a class in place of its name. */
  takes(number: number, name: string): boolean
  /** A class that has a number here came by name: whoever sent it may be told of the number. */
  cameByName(number: number, name: string): void
  /** Whether a number that came means that class, which has it here: it may have meant another one before. */
  means(number: number, name: string): boolean
  /** A number came that means no class here: whoever sent it is told, and sends the name again. */
  cameUnknown(number: number): void
}

/** Makes bytes of messages, and messages of bytes that nobody vouches for. */
export interface Serializer {
  /** Both ends must use the same: it is part of what they compare. */
  readonly name: string
  /**
   * The bytes are good until the next call.
   *
   * @throws RemoteError `CASTY_REMOTE_NOT_SERIALIZABLE`, with the path inside of the message
   */
  serialize(message: unknown, refs: RefCodec): Uint8Array
  /**
   * Reads `bytes[start, end)`, which is reused afterwards: whatever is kept is a copy.
   *
   * @throws RemoteError `CASTY_REMOTE_MALFORMED` and nothing else, whatever the bytes are
   */
  deserialize(bytes: Uint8Array, start: number, end: number, refs: RefCodec): unknown
}
