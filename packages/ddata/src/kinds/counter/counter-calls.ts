// Calls on counters, as bytes: what, the name, what its users agree on, and numbers.
import { ByteWriter, type ByteReader } from '@casty/transport'

/** From `firstMachineCode` on. */
export const counterCalls = {
  get: 2,
  addAndGet: 3,
  getAndAdd: 4,
  set: 5,
  getAndSet: 6,
  compareAndSet: 7,
  destroy: 8,
} as const

export const maxNameBytes = 512

/** Whatever is written is taken out of it at once. */
const scratch = new ByteWriter(256)

/** Which counter, and what all who use it have to agree on. */
export interface CounterAddress {
  readonly name: string
  readonly shards: number
}

export function counterCall(
  code: number,
  { name, shards }: CounterAddress,
  ...numbers: readonly number[]
): Uint8Array {
  const out = scratch.reset()
  out.u8(code).string(name, maxNameBytes).varint(shards)
  for (const number of numbers) out.f64(number)
  return out.finish()
}

export function readAddress(input: ByteReader): CounterAddress {
  return { name: input.string(maxNameBytes), shards: input.varint() }
}
