// How calls ended, as bytes: what is kept for whoever asks again, and what is sent.
import { ByteReader, ByteWriter } from '@casty/transport'
import { DDataError, type DDataErrorCode } from '../errors.ts'
import { Refusal } from './machine.ts'

const done = 0
const refused = 1

/** Codes that a structure may answer with, by their number on the wire. Only ever added to. */
const refusals: readonly DDataErrorCode[] = [
  'CASTY_DDATA_ARGUMENT',
  'CASTY_DDATA_OVERFLOW',
  'CASTY_DDATA_CONFIG_MISMATCH',
  'CASTY_DDATA_DESTROYED',
  'CASTY_DDATA_NOT_REENTRANT',
  'CASTY_DDATA_BARRIER_MISMATCH',
  'CASTY_DDATA_BARRIER_BROKEN',
  'CASTY_DDATA_QUEUE_FULL',
  'CASTY_DDATA_TOO_LARGE',
  'CASTY_DDATA_ABORTED',
  'CASTY_DDATA_MALFORMED',
  'CASTY_DDATA_BUSY',
  'CASTY_DDATA_SESSION_EXPIRED',
  'CASTY_DDATA_CLOSED',
]

const maxFieldBytes = 100

/** Marks what follows as the result of a call that was carried out. */
export function beginResult(out: ByteWriter): ByteWriter {
  return out.u8(done)
}

export function refusalBytes({ code, field, existing, requested }: Refusal): Uint8Array {
  const number = Math.max(0, refusals.indexOf(code))
  return new ByteWriter(16)
    .u8(refused)
    .u8(number)
    .string(field, maxFieldBytes)
    .f64(existing)
    .f64(requested)
    .finish()
}

/** What a call came to, as its caller reads it. */
export type Ended =
  | { readonly type: 'done'; readonly result: ByteReader }
  | { readonly type: 'refused'; readonly refusal: Refusal }

/** @throws DDataError `CASTY_DDATA_MALFORMED` */
export function readEnded(bytes: Uint8Array): Ended {
  const reader = new ByteReader(bytes)
  const kind = reader.u8()
  if (kind === done) return { type: 'done', result: reader }
  if (kind !== refused) throw DDataError.malformed(`An answer is of kind ${kind}`)
  const code = refusals[reader.u8()] ?? 'CASTY_DDATA_MALFORMED'
  const refusal = new Refusal(code, reader.string(maxFieldBytes), reader.f64(), reader.f64())
  return { type: 'refused', refusal }
}
