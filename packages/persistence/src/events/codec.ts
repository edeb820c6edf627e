/** Makes bytes of values, and values of bytes. Both are called in an actor's turn, so they are quick. */
export interface Codec {
  /** Throws for what it cannot give back as it was. */
  encode(value: unknown): Uint8Array
  decode(bytes: Uint8Array): unknown
}
