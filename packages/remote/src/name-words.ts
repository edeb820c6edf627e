// What nodes tell each other of short names, for recipients and for classes: whether they mean anything where they arrive.
import type { FrameReader } from './frame-reader.ts'
import type { Peer } from './peer.ts'
import { maxRefTextBytes } from './ref-kinds.ts'

export const nameWords = { known: 0, unknown: 1 } as const

/** A session, a word, and the number that was given to a recipient. */
export function heedWordOfRecipient(peer: Peer, reader: FrameReader): void {
  const session = reader.u16()
  const word = reader.u8()
  const id = reader.varint()
  reader.finish()
  if (session !== peer.session) return
  if (word === nameWords.unknown) peer.unname(id)
  else {
    const ref = peer.named(id)
    if (ref !== undefined) ref.isKnown = true
  }
}

/** A word, the number of a class, and its name where it is known. */
export function heedWordOfClass({ classes }: Peer, reader: FrameReader): void {
  const word = reader.u8()
  const number = reader.u16()
  const name = word === nameWords.unknown ? undefined : reader.text(maxRefTextBytes)
  reader.finish()
  if (name === undefined) classes.unknown(number)
  else classes.taken(number, name)
}
