import { Refusal } from './refusal.ts'

/** Of the magnitude. Making a bigint of digits takes more than linear time, and stands still meanwhile. */
export const maxBigintBytes = 4_096
/** As many as that can have, in decimal. */
export const maxBigintDigits = 9_865

const limit = 1n << BigInt(8 * maxBigintBytes)

/** @throws Refusal for one that no receiver takes */
export function checkBigint(value: bigint): void {
  if (value < limit && value > -limit) return
  throw new Refusal(`a bigint of more than ${maxBigintBytes} bytes`, 'Send its bytes.')
}
