import { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { namesOf } from './certificate-proof.ts'
import { notAllowed } from './insecurity.ts'
import type { Security } from './security.ts'

/**
 * Starts TLS on a connection that is dialled, or being dialled. Nothing is sent to an end that is not
 * trusted. The name that was dialled is not compared: whom the certificate is made out to is judged
 * when the node there has said who it is.
 */
export function startTls(carrier: Socket, security: Security): TLSSocket {
  security.certificates.refresh()
  return connect({
    socket: carrier,
    secureContext: security.certificates.context,
    minVersion: 'TLSv1.3',
    rejectUnauthorized: true,
    checkServerIdentity(_host, { raw }) {
      if (security.allows(namesOf(new X509Certificate(raw)))) return undefined
      return Object.assign(new Error('Its certificate is on no list'), { code: notAllowed })
    },
  })
}
