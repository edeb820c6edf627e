/** Something that makes values of bytes which a peer sent, and must not be harmed by any of them. */
export interface FuzzedDecoder {
  readonly name: string
  /** What others write, to be damaged. */
  readonly seeds: readonly Uint8Array[]
  /** @returns what was made of the bytes, to be looked at */
  decode(bytes: Uint8Array): unknown
  /** The codes of the errors that it says no with. */
  readonly refusals: readonly string[]
  /**
   * How much there may be in what was made of so many bytes: items, properties, letters, bytes.
   * @defaultValue 1,024 and 16 for each byte
   */
  readonly most?: (byteLength: number) => number
}
