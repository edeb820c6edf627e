// What is written down of a part: everything that changes it, in the order in which it does, so that whoever carries
// it out again comes to the same state. One record holds what was carried out between two writes.
//
//   record    form (1 byte), epoch, number of commands, commands
//   command   what (1 byte), time passed since the command before, and
//     call            session, number, floor, answers received, [key], the call itself
//     timed out       timer
//     advance         nothing
//     session over    session
//     forget session  session
//     nothing         nothing: a read waits for it to be written
//     session back    session
//     session away    session
//     noted           what the machine takes down of its reads
import { ByteReader, ByteWriter } from '@casty/transport'
import { DDataError } from '../errors.ts'
import { shortLived } from '../values/short-lived.ts'
import { readSessionId, writeSessionId } from './sessions.ts'

export type Command =
  | CallCommand
  | { readonly type: 'timed-out'; readonly timer: number }
  | { readonly type: 'advance' }
  /** Nobody heard of it for long: it waits for nothing any more. */
  | { readonly type: 'session-over'; readonly session: string }
  /** Its answers are let go. */
  | { readonly type: 'forget-session'; readonly session: string }
  | { readonly type: 'nothing' }
  /** It was taken to be gone, and made itself heard. */
  | { readonly type: 'session-back'; readonly session: string }
  /** Nothing was heard of it for longer than those who wait are silent. */
  | { readonly type: 'session-away'; readonly session: string }
  /** What reads used, as far as calls to come depend on it. */
  | { readonly type: 'noted'; readonly note: Uint8Array }

export interface CallCommand {
  readonly type: 'call'
  readonly session: string
  readonly number: number
  readonly floor: number
  /** Calls that were parked, whose answers the session has. */
  readonly received: readonly number[]
  /** One effect for each, whoever calls. */
  readonly key: string | undefined
  readonly call: Uint8Array
}

export interface TimedCommand {
  readonly command: Command
  /** By the clock of the part, whole milliseconds. */
  readonly at: number
}

const form = 1
/** Whatever is written is taken out of it at once. */
const whole = new ByteWriter(1_024)
const types = [
  'call',
  'timed-out',
  'advance',
  'session-over',
  'forget-session',
  'nothing',
  'session-back',
  'session-away',
  'noted',
] as const satisfies readonly Command['type'][]

export const maxKeyBytes = 1_200

type CallBody = Pick<CallCommand, 'received' | 'key' | 'call'>

export function writeCall(out: ByteWriter, { received, key, call }: CallBody): void {
  out.count(received.length)
  for (const number of received) out.varint(number)
  out.bool(key !== undefined)
  if (key !== undefined) out.string(key, maxKeyBytes)
  out.bytes(call, call.length)
}

export function readCall(from: ByteReader): CallBody {
  const received: number[] = []
  for (let left = from.count(1); left > 0; left--) received.push(from.varint())
  const key = from.bool() ? from.string(maxKeyBytes) : undefined
  return { received, key, call: from.view(from.remaining) }
}

/** Gathers commands until they are written. */
export class RecordWriter {
  readonly #out = new ByteWriter(1_024)
  #count = 0
  #at = 0

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#out.length
  }

  add({ command, at }: TimedCommand): void {
    const out = this.#out
    out.u8(types.indexOf(command.type)).varint(at - this.#at)
    this.#at = at
    this.#count += 1
    switch (command.type) {
      case 'call': {
        const { session, number, floor } = command
        writeSessionId(out, session)
        out.varint(number).varint(floor)
        writeCall(out, command)
        return
      }
      case 'timed-out':
        out.varint(command.timer)
        return
      case 'session-over':
      case 'forget-session':
      case 'session-back':
      case 'session-away':
        writeSessionId(out, command.session)
        return
      case 'noted':
        out.bytes(command.note, command.note.length)
        return
      case 'advance':
      case 'nothing':
    }
  }

  /** What was gathered, and an empty writer. */
  take(epoch: number): Uint8Array {
    const head = whole.reset().u8(form).varint(epoch).count(this.#count).varint(this.#out.length)
    const record = shortLived(head, this.#out)
    this.#out.reset()
    this.#count = 0
    this.#at = 0
    return record
  }
}

export interface Record {
  readonly epoch: number
  readonly commands: readonly TimedCommand[]
}

/** @throws DDataError `CASTY_DDATA_MALFORMED` for what no writer of this form wrote */
export function readRecord(bytes: Uint8Array): Record {
  const reader = new ByteReader(bytes)
  const found = reader.u8()
  if (found !== form) {
    throw DDataError.malformed(`A record has form ${found}, and this version knows form ${form}`)
  }
  const epoch = reader.varint()
  const count = reader.varint()
  const inner = new ByteReader(reader.view(bytes.length))
  const commands: TimedCommand[] = []
  let at = 0
  for (let left = count; left > 0; left--) {
    const type = types[inner.u8()]
    at += inner.varint()
    commands.push({ command: readCommand(type, inner), at })
  }
  inner.end()
  reader.end()
  return { epoch, commands }
}

function readCommand(type: Command['type'] | undefined, from: ByteReader): Command {
  switch (type) {
    case 'call': {
      const session = readSessionId(from)
      const [number, floor] = [from.varint(), from.varint()]
      return { type, session, number, floor, ...readCall(from) }
    }
    case 'timed-out':
      return { type, timer: from.varint() }
    case 'session-over':
    case 'forget-session':
    case 'session-back':
    case 'session-away':
      return { type, session: readSessionId(from) }
    case 'noted':
      return { type, note: from.bytes(from.remaining) }
    case 'advance':
    case 'nothing':
      return { type }
    case undefined:
      throw DDataError.malformed(
        'A record holds a command of a type that this version does not know',
      )
  }
}
