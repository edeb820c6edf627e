// Addresses of a world: one process per host, so all of them have the same port.
import { NodeAddress } from '@casty/transport'

/** The port of every host. */
const port = 1

export function addressOf(host: string): NodeAddress {
  return NodeAddress.of(host, port)
}

/** `b` of `b:1` or `b:1#17`. */
export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':'))
}
