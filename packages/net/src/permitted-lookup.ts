import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { dialNotAllowed } from './dial-failure.ts'

/** Tells every address that a name leads to: the part of `lookup` of `node:dns` that is asked here. */
export type ResolveName = (
  host: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/**
 * What sockets resolve names by: only addresses that may be dialled are handed on, so nobody asks a second time, when the
 * answer may be another one.
 *
 * @param mayDial - asked of each address; where it refuses all, the dial fails as `not-allowed`
 */
export function permittedLookup(
  mayDial: (host: string) => boolean = () => true,
  resolve: ResolveName = lookup,
): LookupFunction {
  return (host, options, done) => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, [])
      const permitted = addresses.filter(({ address }) => mayDial(address))
      const [first] = permitted
      if (first === undefined) done(dialNotAllowed(host), [])
      else if (options.all === true) done(null, permitted)
      else done(null, first.address, first.family)
    })
  }
}
