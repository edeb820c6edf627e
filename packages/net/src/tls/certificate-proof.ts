import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { ChannelProof, ProofLapse } from '@casty/transport'
import { firstToExpire, shownWith } from './chain-end.ts'
import { isTrusted, type Credentials } from './credentials.ts'
import { namesOf } from './certificate-names.ts'
import type { Security } from './security.ts'

/** The exporter whose value belongs to one connection alone. RFC 9266, §3 */
const bindingLabel = 'EXPORTER-Channel-Binding'
const bindingBytes = 32

/**
 * What a connection has verified of its other end; undefined where that showed no certificate.
 *
 * @param judgedBy - what was trusted when it began
 */
export function proofOf(
  socket: TLSSocket,
  security: Security,
  judgedBy: Credentials,
): ChannelProof | undefined {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return undefined
  const binding = socket.exportKeyingMaterial(bindingBytes, bindingLabel, Buffer.alloc(0))
  const { authorities } = judgedBy
  const expiresAt = firstToExpire(
    certificate,
    shownWith(certificate),
    authorities,
  ).validToDate.getTime()
  return {
    names: namesOf(certificate),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    expiresAt,
    binding: new Uint8Array(binding),
    lapse: lapseOf(certificate, expiresAt, security, judgedBy),
  }
}

/** Authorities that are the same as before need not be asked again. */
function lapseOf(
  certificate: X509Certificate,
  expiresAt: number,
  { options, certificates }: Security,
  judgedBy: Credentials,
): () => ProofLapse | undefined {
  let { ca } = judgedBy
  let isStillTrusted = true
  return () => {
    const now = Date.now()
    const { credentials } = certificates
    if (credentials.ca !== ca) {
      ca = credentials.ca
      isStillTrusted = isTrusted(certificate, credentials.authorities, now)
    }
    if (!isStillTrusted) return 'untrusted'
    return options.endsWithCertificate && expiresAt <= now ? 'expired' : undefined
  }
}
