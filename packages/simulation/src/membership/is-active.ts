import type { Member } from '@casty/membership'

/** Written apart from the one of membership: a checker must not share the mistakes that it looks for. */
export function isActive({ status }: Member): boolean {
  return status === 'joining' || status === 'weakly-up' || status === 'up' || status === 'leaving'
}
