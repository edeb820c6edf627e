import { createAuthority, createNodeCertificate } from '@casty/cert'
import { NodeAddress } from '@casty/transport'
import type { Credentials } from './messages.ts'

let made: Promise<Credentials> | undefined

/** One authority and one certificate for all that is measured: ECDSA on P-256, as `casty cert` makes them. */
export function benchCredentials(): Promise<Credentials> {
  made ??= make()
  return made
}

async function make(): Promise<Credentials> {
  const authority = await createAuthority()
  const address = NodeAddress.parse('127.0.0.1:0')
  const issued = await createNodeCertificate(authority, {
    clusterName: 'bench',
    address,
    names: ['IP:127.0.0.1'],
  })
  return { ca: authority.cert, ...issued }
}
