import { NodeAddress } from '@casty/transport'
import { MembershipError } from './errors.ts'
import type { SeedNodes } from './options.ts'

export function isEmptyList(seeds: SeedNodes): boolean {
  return typeof seeds !== 'function' && seeds.length === 0
}

export function checkSeeds(seeds: SeedNodes): SeedNodes {
  return typeof seeds === 'function' ? seeds : toAddresses(seeds)
}

/**
 * Reads what a user, or a user's discovery function, gave: it may be anything.
 *
 * @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` for one that does not read `host:port`, or that nobody can dial
 */
export function toAddresses(seeds: readonly (string | NodeAddress)[]): readonly NodeAddress[] {
  if (!Array.isArray(seeds)) {
    throw MembershipError.invalidOption('seedNodes', seeds, 'a list, or a function that gives one')
  }
  return seeds.map((seed) => {
    const address = addressOf(seed)
    if (address && address.port > 0) return address
    const allowed = 'host:port, with an IPv6 host in brackets, and a port that can be dialled'
    throw MembershipError.invalidOption('seedNodes', seed, allowed)
  })
}

function addressOf(seed: unknown): NodeAddress | undefined {
  try {
    return NodeAddress.parse(String(seed))
  } catch {
    return undefined
  }
}
