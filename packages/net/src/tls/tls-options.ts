import { TransportError } from '@casty/transport'
import { numberOptions, type Range } from '../number-options.ts'
import { plainName } from './certificate-names.ts'
import type { CertificateNotice } from './certificate-notices.ts'

/**
 * TLS 1.3 in which both ends prove who they are. Certificates and keys are texts in PEM, or paths of
 * files of them; files are read again while the node runs.
 */
export interface TlsOptions extends TlsNumbers {
  /**
   * The cluster's own authority, the only one that is trusted. Several certificates in one text or
   * file while a new authority takes the place of another.
   */
  readonly ca: string
  /** This node's certificate, and those between it and the authority, if any, behind it. */
  readonly cert: string
  /** The private key that the certificate belongs to. */
  readonly key: string
  /** Of the key, where that is encrypted. */
  readonly passphrase?: string
  /**
   * Certificates must bear one of these names, written as `URI:casty://shop/a.example`,
   * `DNS:a.example` or `IP:10.0.0.1`.
   * @defaultValue all that the authority has signed
   */
  readonly allow?: readonly string[]
  /**
   * What becomes of a `key` in a file that everybody on its machine may read, or write: `tell` has a notice given,
   * `refuse` makes it an error, and leaves what is in use when it is read again. What its group may is not looked at; nor is
   * anything on systems whose files have no modes.
   * @defaultValue 'tell'
   */
  readonly exposedKey?: 'tell' | 'refuse'
  /**
   * Whether a connection ends when the certificate expires that the other end had shown, within seconds and in order: what
   * is sent goes by a new one, for which that needs a certificate of now. So short certificates end what a node may do
   * that is given none any more. False keeps what is connected, also where all have forgotten to replace theirs.
   * @defaultValue true
   */
  readonly endsWithCertificate?: boolean
  /**
   * Told what becomes of the own certificate: `expires-soon` 30, 7 and 1 days before it, or its authority, ends, and at the
   * start where less is left (only in the last third of a short life), `expired`, `reloaded`,
   * `reload-failed`; and `key-exposed`, of its key. What it throws is ignored.
   * @defaultValue a warning of the process for each that is no good news
   */
  readonly onCertificate?: (notice: CertificateNotice) => void
}

/** Those that are numbers. */
export interface TlsNumbers {
  /** How long TLS may take, once a connection is there, in milliseconds. 1 to 600,000. @defaultValue 5_000 */
  readonly handshakeTimeoutMs?: number
  /**
   * Incoming connections that have not proven themselves, in total; those beyond are closed and
   * counted. Each costs some 60 KB for as long. 1 to 65,536. @defaultValue 256
   */
  readonly maxPendingHandshakes?: number
  /**
   * The same per source: an IPv4 address, or an IPv6 network of 64 bits. Raise it where many nodes share one, as
   * behind NAT; those beyond dial again. 1 to 65,536. @defaultValue 16
   */
  readonly maxPendingHandshakesPerSource?: number
  /**
   * How often files are read again, in milliseconds, and expiry is looked at. 100 to 86,400,000.
   * @defaultValue 60_000
   */
  readonly reloadIntervalMs?: number
}

export const tlsDefaults: Required<TlsNumbers> = {
  handshakeTimeoutMs: 5_000,
  maxPendingHandshakes: 256,
  maxPendingHandshakesPerSource: 16,
  reloadIntervalMs: 60_000,
}

const ranges: Readonly<Record<keyof TlsNumbers, Range>> = {
  handshakeTimeoutMs: [1, 600_000],
  maxPendingHandshakes: [1, 65_536],
  maxPendingHandshakesPerSource: [1, 65_536],
  reloadIntervalMs: [100, 86_400_000],
}

export type ResolvedTlsOptions = Required<
  TlsNumbers & Pick<TlsOptions, 'endsWithCertificate' | 'exposedKey'>
> &
  Omit<TlsOptions, keyof TlsNumbers>

/** @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION` for a value that is not allowed or an unknown name */
export function resolveTlsOptions(options: TlsOptions): ResolvedTlsOptions {
  if (typeof options !== 'object' || options === null) {
    throw TransportError.invalidOption('tls', options, 'ca, cert and key')
  }
  const { ca, cert, key, passphrase, allow, onCertificate, ...others } = options
  const { endsWithCertificate = true, exposedKey = 'tell', ...numbers } = others
  for (const [name, value] of Object.entries({ ca, cert, key })) {
    if (typeof value !== 'string' || value === '') {
      // A wrong value may be a secret: its kind says enough.
      const kind = value === undefined ? value : typeof value
      throw TransportError.invalidOption(`${name} of tls`, kind, 'a text in PEM or a path')
    }
  }
  if (passphrase !== undefined && typeof passphrase !== 'string') {
    throw TransportError.invalidOption('passphrase of tls', typeof passphrase, 'a text')
  }
  if (allow !== undefined && !(Array.isArray(allow) && allow.length > 0 && allow.every(isName))) {
    const allowed = 'a list of names, as URI:casty://shop/a.example, DNS:a.example or IP:10.0.0.1'
    throw TransportError.invalidOption('allow of tls', allow, allowed)
  }
  if (typeof endsWithCertificate !== 'boolean') {
    const given = endsWithCertificate
    throw TransportError.invalidOption('endsWithCertificate of tls', given, 'true or false')
  }
  if (exposedKey !== 'tell' && exposedKey !== 'refuse') {
    throw TransportError.invalidOption('exposedKey of tls', exposedKey, "'tell' or 'refuse'")
  }
  if (onCertificate !== undefined && typeof onCertificate !== 'function') {
    throw TransportError.invalidOption('onCertificate of tls', onCertificate, 'a function')
  }
  return {
    ...numberOptions<TlsNumbers>('tls', tlsDefaults, ranges, numbers),
    ca,
    cert,
    key,
    endsWithCertificate,
    exposedKey,
    ...(passphrase !== undefined && { passphrase }),
    ...(allow && { allow: allow.map(plainName) }),
    ...(onCertificate && { onCertificate }),
  }
}

function isName(text: unknown): boolean {
  return typeof text === 'string' && /^(?:URI|DNS|IP):\S+$/.test(text)
}
