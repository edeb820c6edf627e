import { CrdtError } from '../errors.ts'
import { countOf, type Count } from '../kernel/payload.ts'

/** @throws CrdtError `CASTY_CRDT_INVALID_ARGUMENT` unless it is an integer of at least 0 */
export function checkedAmount(amount: number | bigint): Count {
  if (typeof amount === 'bigint' && amount >= 0n) return countOf(amount)
  if (typeof amount === 'number' && Number.isSafeInteger(amount) && amount >= 0) return amount + 0
  throw CrdtError.invalidArgument(
    'amount',
    amount,
    'an integer from 0 to 2⁵³ − 1, or a bigint from 0n',
  )
}

/** @throws CrdtError `CASTY_CRDT_OVERFLOW` where a number cannot hold it exactly */
export function safeNumber(what: string, count: Count): number {
  if (typeof count === 'number') return count
  throw CrdtError.overflow(what)
}
