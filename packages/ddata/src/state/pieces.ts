import { ByteWriter } from '@casty/transport'

/**
 * Things as they are now, in pieces of about so many bytes, each of which holds at least one. They are written down when a
 * piece is asked for, so that a large state does not keep all else waiting: whoever changes one meanwhile has to put
 * another one in its place.
 *
 * @param begin - writes what each piece begins with
 */
export function inPieces<T>(
  things: Iterable<T>,
  pieceBytes: number,
  write: (out: ByteWriter, thing: T) => void,
  begin: (out: ByteWriter) => void = () => {},
): Iterable<Uint8Array> {
  return written([...things], pieceBytes, write, begin)
}

function* written<T>(
  things: readonly T[],
  pieceBytes: number,
  write: (out: ByteWriter, thing: T) => void,
  begin: (out: ByteWriter) => void,
): Iterable<Uint8Array> {
  const out = new ByteWriter(256)
  let isBegun = false
  for (const thing of things) {
    if (!isBegun) begin(out.reset())
    isBegun = true
    write(out, thing)
    if (out.length < pieceBytes) continue
    yield out.finish()
    isBegun = false
  }
  if (isBegun) yield out.finish()
}

/** One after the other. */
export function* allOf(...pieces: readonly Iterable<Uint8Array>[]): Iterable<Uint8Array> {
  for (const each of pieces) yield* each
}
