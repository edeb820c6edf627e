// Calls on counters, as bytes: what, the name, what its users agree on, and numbers.
import { ByteWriter, type ByteReader } from '@casty/transport'
import { firstMachineCode } from '../../state/part-state.ts'

export const counterCalls = {
  get: firstMachineCode,
  addAndGet: firstMachineCode + 1,
  getAndAdd: firstMachineCode + 2,
  set: firstMachineCode + 3,
  getAndSet: firstMachineCode + 4,
  compareAndSet: firstMachineCode + 5,
  destroy: firstMachineCode + 6,
} as const

export const maxNameBytes = 512

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
  const out = new ByteWriter(name.length + 16)
  out.u8(code).string(name, maxNameBytes).varint(shards)
  for (const number of numbers) out.f64(number)
  return out.finish()
}

export function readAddress(input: ByteReader): CounterAddress {
  return { name: input.string(maxNameBytes), shards: input.varint() }
}
