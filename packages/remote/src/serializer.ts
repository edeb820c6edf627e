import type { ActorRef } from '@casty/actor'

/** How refs inside of messages become data, and refs again. */
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
