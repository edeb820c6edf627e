// A queue as bytes, in pieces.
import type { ByteWriter } from '@casty/transport'
import { inPieces } from '../../state/pieces.ts'

/** Each piece says of what kind it is. */
export function savedPieces<T>(
  kind: number,
  things: Iterable<T>,
  pieceBytes: number,
  write: (out: ByteWriter, thing: T) => void,
): Iterable<Uint8Array> {
  return inPieces(things, pieceBytes, write, (out) => out.u8(kind))
}
