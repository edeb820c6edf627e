import type { Insecurity, InsecurityReason } from '@casty/transport'
import { errorCode } from '../dial-failure.ts'

/** How often connections ended before both ends had proven themselves, by why. */
export type InsecurityCounters = Readonly<Record<InsecurityReason | 'busy' | 'timeout', number>>

/** What is counted before anything is, and without TLS. */
export const noInsecurity: InsecurityCounters = {
  plaintext: 0,
  protocol: 0,
  'no-certificate': 0,
  untrusted: 0,
  expired: 0,
  'not-yet-valid': 0,
  'not-allowed': 0,
  ended: 0,
  busy: 0,
  timeout: 0,
}

/** Whether that is a reason, as far as this version knows them. */
export function isInsecurityReason(value: unknown): value is InsecurityReason {
  return (
    typeof value === 'string' &&
    Object.hasOwn(noInsecurity, value) &&
    !(value === 'busy' || value === 'timeout')
  )
}

/** What is wrong with a certificate, by what OpenSSL calls it. */
export function reasonOfVerification(code: string): InsecurityReason {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return 'expired'
    case 'CERT_NOT_YET_VALID':
      return 'not-yet-valid'
    case notAllowed:
      return 'not-allowed'
    default: // A wrong authority, none at all, a forged signature, a purpose that it is not for.
      return 'untrusted'
  }
}

/** The code of the error by which a certificate is refused that is on no list. */
export const notAllowed = 'NAME_NOT_ALLOWED'

/**
 * Why TLS came to nothing, by the error that ended it; undefined where that was the network's, or
 * this machine's.
 *
 * @param began - the connection was there
 */
export function insecurityOf(
  error: unknown,
  began: boolean,
): Omit<Insecurity, 'detail'> | undefined {
  const code = errorCode(error)
  if (verificationCodes.has(code)) return { reason: reasonOfVerification(code), by: 'us' }
  if (plaintextCodes.has(code)) return { reason: 'plaintext', by: 'us' }
  const alert = /^ERR_SSL_(?:TLSV\d+|SSLV3)_ALERT_(.*)$/.exec(code)?.[1]
  if (alert !== undefined) return { reason: alertReasons.get(alert) ?? 'untrusted', by: 'peer' }
  if (code.startsWith('ERR_SSL_')) return { reason: 'protocol', by: 'us' }
  return began && endings.has(code) ? { reason: 'ended', by: 'peer' } : undefined
}

/** What a text says of it, behind `the certificate of …` or the like. */
export function describeInsecurity(
  who: string,
  { reason, by }: Omit<Insecurity, 'detail'>,
): string {
  const whose = by === 'us' ? `the certificate of ${who}` : `this node's certificate, to ${who},`
  switch (reason) {
    case 'plaintext':
      return `${who} speaks no TLS`
    case 'protocol':
      return `${who} speaks no TLS 1.3, or not as agreed`
    case 'ended':
      return `${who} ended the connection during the handshake: it may speak no TLS, or hold too many`
    case 'no-certificate':
      return by === 'us' ? `${who} shows no certificate` : `${who} was shown no certificate`
    case 'untrusted':
      return `${whose} is not signed by the cluster's authority`
    case 'expired':
      return `${whose} has expired`
    case 'not-yet-valid':
      return `${whose} is not valid yet, by its clock`
    case 'not-allowed':
      return `${whose} is made out to nobody on the list`
  }
}

const plaintextCodes: ReadonlySet<string> = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_HTTP_REQUEST',
  'ERR_SSL_HTTPS_PROXY_REQUEST',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_RECORD_LAYER_FAILURE',
])

const endings: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED'])

/** What other implementations say as they refuse. RFC 8446, §6.2 */
const alertReasons: ReadonlyMap<string, InsecurityReason> = new Map([
  ['PROTOCOL_VERSION', 'protocol'],
  ['HANDSHAKE_FAILURE', 'protocol'],
  ['ILLEGAL_PARAMETER', 'protocol'],
  ['DECODE_ERROR', 'protocol'],
  ['UNEXPECTED_MESSAGE', 'protocol'],
  ['INTERNAL_ERROR', 'protocol'],
  ['CERTIFICATE_REQUIRED', 'no-certificate'],
  ['CERTIFICATE_EXPIRED', 'expired'],
])

/** Those of `X509_verify_cert_error_string` that a chain of ours can meet. */
const verificationCodes: ReadonlySet<string> = new Set([
  notAllowed,
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNSPECIFIED',
])
