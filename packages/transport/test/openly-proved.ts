import type { Authentication } from '@casty/transport'

let drawn = 0

/** Goes through all the steps of a proof, and proves nothing: anybody can make it. */
export const openlyProved: Authentication = {
  isFor: () => true,
  begin: () => ({
    nonce: Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? drawn++ : index)),
    prove: (_, transcript) => digest(transcript),
    verify: (_, transcript, proof) => digest(transcript).every((byte, at) => byte === proof[at]),
  }),
}

function digest(bytes: Uint8Array): Uint8Array {
  const sums = new Uint8Array(32)
  for (const [index, byte] of bytes.entries())
    sums[index % 32] = (sums[index % 32] ?? 0) * 31 + byte
  return sums
}
