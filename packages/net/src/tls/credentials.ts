// What a node shows and whom it trusts, read and checked as a whole: of files that are just being
// replaced, none counts until all of them fit.
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { TransportError } from '@casty/transport'
import type { Life } from './certificate-notices.ts'
import { firstToExpire, longestChain } from './chain-end.ts'
import { namesOf } from './certificate-names.ts'
import { exposedFile, type ExposedFile } from '../exposed-file.ts'
import type { TlsOptions } from './tls-options.ts'

export interface Credentials extends Life {
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** Whom it is made out to, as in `ChannelProof.names`. */
  readonly names: readonly string[]
  /** Those in `ca`. */
  readonly authorities: readonly X509Certificate[]
  /** Of a key in a file that everybody may read. */
  readonly exposed?: ExposedFile
}

type Sources = Pick<TlsOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'exposedKey'>

/**
 * @param now - the wall clock, in milliseconds of the epoch
 * @throws TransportError `CASTY_TRANSPORT_BAD_CERTIFICATE` for a file that cannot be read, a text that is no
 * PEM, a key that does not fit, or that others may read where that is refused, and a certificate that is not valid now or not the authority's
 */
export function readCredentials(sources: Sources, now: number): Credentials {
  const ca = textOf('ca', sources.ca)
  const cert = textOf('cert', sources.cert)
  const key = textOf('key', sources.key)
  const exposed = exposureOf(sources)
  const authorities = certificatesIn('ca', sources.ca, ca)
  const [own, ...between] = certificatesIn('cert', sources.cert, cert)
  const subject = `The certificate in cert (${nameOf(sources.cert)})`
  if (!own.checkPrivateKey(privateKey(sources, key))) {
    throw TransportError.badCertificate(subject, 'does not belong to the private key in key')
  }
  if (own.validFromDate.getTime() > now) {
    const from = own.validFromDate.toISOString()
    throw TransportError.badCertificate(subject, `is not valid before ${from}`)
  }
  if (own.validToDate.getTime() <= now) {
    throw TransportError.badCertificate(subject, `expired at ${own.validToDate.toISOString()}`)
  }
  if (![...between, ...authorities].some((issuer) => isSignedBy(own, issuer))) {
    throw TransportError.badCertificate(subject, 'is not signed by an authority in ca')
  }
  const weakest = firstToExpire(own, between, authorities)
  const expiresAt = weakest.validToDate.getTime()
  if (expiresAt <= now) {
    const why = `is signed by an authority that expired at ${weakest.validToDate.toISOString()}`
    throw TransportError.badCertificate(subject, why)
  }
  const names = namesOf(own)
  if (names.length === 0) {
    throw TransportError.badCertificate(
      subject,
      'is made out to nobody: it has no alternative name',
    )
  }
  const plainKey = privateKey(sources, key).export({ type: 'pkcs8', format: 'pem' }).toString()
  return {
    ca,
    cert,
    key: plainKey,
    validFrom: weakest.validFromDate.getTime(),
    expiresAt,
    endsWith: weakest === own ? 'certificate' : 'authority',
    names,
    authorities,
    ...(exposed && { exposed }),
  }
}

/** @throws TransportError where it is to be refused */
function exposureOf({ key: file, exposedKey }: Sources): ExposedFile | undefined {
  const exposed = isPem(file) ? undefined : exposedFile(file)
  if (exposedKey !== 'refuse' || exposed === undefined) return exposed
  const why = `may be read by others (${exposed.mode}): chmod 600, or set exposedKey of tls to 'tell'`
  throw TransportError.badCertificate(`The file in key, ${file},`, why)
}

/** A text in PEM as it is, or what is in the file. */
function textOf(option: string, source: string): string {
  if (isPem(source)) return source
  try {
    return readFileSync(source, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException // What reading a file throws.
    const why = code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`
    throw TransportError.badCertificate(`The file in ${option}, ${source},`, why, error)
  }
}

/** Where it is, or that it was given as it is: what it holds is nobody's business. */
function nameOf(source: string): string {
  return isPem(source) ? 'a text' : source
}

function isPem(source: string): boolean {
  return source.includes('-----BEGIN ')
}

const certificateBegins = '-----BEGIN CERTIFICATE-----'
const certificateText = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

function certificatesIn(
  option: string,
  source: string,
  text: string,
): readonly [X509Certificate, ...X509Certificate[]] {
  const what = `The text in ${option} (${nameOf(source)})`
  const [first, ...rest] = text.match(certificateText) ?? []
  if (first === undefined) {
    throw TransportError.badCertificate(what, 'holds no certificate in PEM')
  }
  if (text.split(certificateBegins).length > 2 + rest.length) {
    const why = 'holds the beginning of a certificate without its end: it may be half-written'
    throw TransportError.badCertificate(what, why)
  }
  try {
    return [new X509Certificate(first), ...rest.map((one) => new X509Certificate(one))]
  } catch (error) {
    throw TransportError.badCertificate(what, 'holds a certificate that cannot be read', error)
  }
}

function privateKey({ key: source, passphrase }: Sources, text: string): KeyObject {
  try {
    return createPrivateKey({ key: text, ...(passphrase !== undefined && { passphrase }) })
  } catch (error) {
    const why = 'cannot be read as a private key in PEM, or its passphrase is wrong'
    throw TransportError.badCertificate(`The text in key (${nameOf(source)})`, why, error)
  }
}

/**
 * Whether one of the authorities has signed it, or those that it was shown with, and may still do so.
 *
 * @param now - the wall clock, in milliseconds of the epoch
 */
export function isTrusted(
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
  now: number,
  atMost: number = longestChain,
): boolean {
  const signed = (issuer: X509Certificate): boolean =>
    issuer.ca && isValidAt(issuer, now) && isSignedBy(certificate, issuer)
  if (authorities.some(signed)) return true
  const issuer = certificate.issuerCertificate
  if (issuer === undefined || atMost === 0 || !signed(issuer)) return false
  return isTrusted(issuer, authorities, now, atMost - 1)
}

function isValidAt({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  return validFromDate.getTime() <= now && now < validToDate.getTime()
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}
