import { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import type { ChannelProof } from '@casty/transport'
import { namesOf } from './certificate-names.ts'
import { proofOf } from './certificate-proof.ts'
import { notAllowed } from './insecurity.ts'
import type { Security } from './security.ts'

/** TLS on a connection that was dialled. */
export interface StartedTls {
  readonly socket: TLSSocket
  /** What is proven of the other end, once it is. */
  proof(): ChannelProof | undefined
}

/**
 * Starts TLS on a connection that is dialled, or being dialled. Nothing is sent to an end that is not
 * trusted. The name that was dialled is not compared: whom the certificate is made out to is judged
 * when the node there has said who it is.
 */
export function startTls(carrier: Socket, security: Security): StartedTls {
  security.certificates.refresh()
  const { context, credentials } = security.certificates
  const socket = connect({
    socket: carrier,
    secureContext: context,
    minVersion: 'TLSv1.3',
    rejectUnauthorized: true,
    checkServerIdentity(_host, { raw }) {
      if (security.allows(namesOf(new X509Certificate(raw)))) return undefined
      return Object.assign(new Error('Its certificate is on no list'), { code: notAllowed })
    },
  })
  return { socket, proof: () => proofOf(socket, security, credentials) }
}
