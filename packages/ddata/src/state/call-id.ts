// Calls that wait, as machines keep and save them.
import type { ByteReader, ByteWriter } from '@casty/transport'
import type { CallId } from './machine.ts'
import { readSessionId, writeSessionId } from './sessions.ts'

/** For maps. Ids of sessions are all of one length, so no two calls have the same. */
export function keyOf({ session, number }: CallId): string {
  return `${session}${number}`
}

export function writeCallId(out: ByteWriter, { session, number }: CallId): void {
  writeSessionId(out, session)
  out.varint(number)
}

export function readCallId(from: ByteReader): CallId {
  return { session: readSessionId(from), number: from.varint() }
}
