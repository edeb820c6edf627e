// Calls on barriers, as bytes: what, the name, what its users agree on, and the rest.
import { ByteWriter, type ByteReader } from '@casty/transport'

/** From `firstMachineCode` on. */
export const barrierCalls = {
  arrive: 2,
  waiting: 3,
  destroy: 4,
} as const

export const maxNameBytes = 512

/** Which barrier, and what all who use it have to agree on. */
export interface BarrierAddress {
  readonly name: string
  readonly shards: number
}

export interface Arrival {
  /** How many have to come. */
  readonly expected: number
  /** Of the round, where this is the first arrival, in milliseconds. */
  readonly roundTimeoutMs: number
  /** Who it is, where that is said: such a one counts once. */
  readonly participant: string | undefined
}

/** Where one that arrived stands in its round. */
export interface Place {
  /** Rounds count from 1. */
  readonly round: number
  /** Participants of a round count from 0, as they came. */
  readonly index: number
}

export function barrierCall(code: number, { name, shards }: BarrierAddress): Uint8Array {
  return begin(code, name, shards).finish()
}

export function arriveCall(address: BarrierAddress, arrival: Arrival): Uint8Array {
  const { expected, roundTimeoutMs, participant } = arrival
  const out = begin(barrierCalls.arrive, address.name, address.shards)
  out
    .varint(expected)
    .varint(roundTimeoutMs)
    .bool(participant !== undefined)
  if (participant !== undefined) out.string(participant, maxNameBytes)
  return out.finish()
}

function begin(code: number, name: string, shards: number): ByteWriter {
  return new ByteWriter(name.length + 24).u8(code).string(name, maxNameBytes).varint(shards)
}

export function readAddress(from: ByteReader): BarrierAddress {
  return { name: from.string(maxNameBytes), shards: from.varint() }
}

export function readArrival(from: ByteReader): Arrival {
  const [expected, roundTimeoutMs] = [from.varint(), from.varint()]
  const participant = from.bool() ? from.string(maxNameBytes) : undefined
  return { expected, roundTimeoutMs, participant }
}

export function writePlace(out: ByteWriter, { round, index }: Place): void {
  out.varint(round).varint(index)
}

export function readPlace(from: ByteReader): Place {
  return { round: from.varint(), index: from.varint() }
}
