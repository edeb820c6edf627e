import 'reflect-metadata' // What the library below finds its parts by.
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  type JsonGeneralName,
} from '@peculiar/x509'
import { createPrivateKey, X509Certificate as NodeCertificate, webcrypto } from 'node:crypto'
import { certificateNames, type NodeAddress } from '@casty/transport'
import { CertError } from './errors.ts'

/** A certificate and the private key that it belongs to, both in PEM. */
export interface IssuedCertificate {
  readonly cert: string
  readonly key: string
}

/** From when on and for how long a certificate is valid. */
export interface Validity {
  /** @defaultValue a minute ago, so that clocks of other machines may be a little late */
  readonly validFrom?: Date
  /** In days, fractions allowed. */
  readonly days?: number
}

export interface AuthorityOptions extends Validity {
  /** For people: whose authority it is. @defaultValue 'casty' */
  readonly name?: string
}

export interface NodeCertificateOptions extends Validity {
  readonly clusterName: string
  /** What peers dial: a host, and with port 0 every port of it. */
  readonly address: NodeAddress
  /** Names besides, as `DNS:a.example`, `IP:10.0.0.1` or `URI:…`: whoever bears them may show it as well. */
  readonly names?: readonly string[]
}

/** How long they are valid where nobody says, in days. */
export const certDefaults = { authorityDays: 3_650, nodeDays: 90 } as const

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const dayMs = 86_400_000
const clockSlackMs = 60_000

/**
 * Makes an authority of its own: its certificate goes to every node, its key stays where it is.
 *
 * @throws CertError `CASTY_CERT_INVALID_OPTION`
 */
export async function createAuthority({
  name = 'casty',
  ...validity
}: AuthorityOptions = {}): Promise<IssuedCertificate> {
  const keys = await newKeys()
  const cert = await X509CertificateGenerator.createSelfSigned({
    name: distinguished(name),
    ...period(validity, certDefaults.authorityDays),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true), // It signs nodes, and no authorities below it.
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { cert: `${cert.toString('pem')}\n`, key: await pemOf(keys.privateKey) }
}

/**
 * Makes a node's certificate: for dialling and being dialled, and to be shown by that node alone.
 *
 * @throws CertError `CASTY_CERT_INVALID_OPTION`; `CASTY_CERT_BAD_AUTHORITY` where its certificate and key
 * cannot be read, do not fit, or are no authority's
 */
export async function createNodeCertificate(
  authority: IssuedCertificate,
  { clusterName, address, names = [], ...validity }: NodeCertificateOptions,
): Promise<IssuedCertificate> {
  const issuer = await readAuthority(authority)
  const keys = await newKeys()
  const [exact = '', host = ''] = certificateNames(clusterName, address)
  const own = address.port === 0 ? host : exact
  const cert = await X509CertificateGenerator.create({
    subject: distinguished(address.host.slice(0, 64)),
    issuer: issuer.cert.subject,
    ...period(validity, certDefaults.nodeDays),
    publicKey: keys.publicKey,
    signingKey: issuer.key,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension([...new Set([own, ...names])].map(generalName)),
      await AuthorityKeyIdentifierExtension.create(issuer.cert.publicKey),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { cert: `${cert.toString('pem')}\n`, key: await pemOf(keys.privateKey) }
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key))
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n')
}

async function readAuthority({ cert, key }: IssuedCertificate) {
  try {
    const checked = new NodeCertificate(cert)
    const secret = createPrivateKey(key)
    if (!checked.ca) throw new Error('its certificate is no authority')
    if (!checked.checkPrivateKey(secret)) throw new Error('its key belongs to another certificate')
    const bytes = secret.export({ type: 'pkcs8', format: 'der' })
    const signing = await webcrypto.subtle.importKey('pkcs8', bytes, algorithm, false, ['sign'])
    return { cert: new X509Certificate(cert), key: signing }
  } catch (error) {
    throw CertError.badAuthority(error)
  }
}

function period({ validFrom, days }: Validity, defaultDays: number) {
  const notBefore = validFrom ?? new Date(Date.now() - clockSlackMs)
  const length = days ?? defaultDays
  if (!(Number.isFinite(length) && length > 0 && length <= 36_500)) {
    throw CertError.invalidOption('days', length, 'a number above 0, and at most 36500')
  }
  return { notBefore, notAfter: new Date(notBefore.getTime() + length * dayMs) }
}

/** As JSON, so that nothing in the text is read as more than a text. */
function distinguished(name: string): { readonly CN: string[] }[] {
  if (typeof name === 'string' && name.length >= 1 && name.length <= 64) return [{ CN: [name] }]
  throw CertError.invalidOption('name', name, 'a text of 1 to 64 characters')
}

function generalName(name: string): JsonGeneralName {
  const [, kind, value] = /^(URI|DNS|IP):(\S+)$/.exec(name) ?? []
  switch (kind) {
    case 'URI':
      return { type: 'url', value: value ?? '' }
    case 'DNS':
      return { type: 'dns', value: value ?? '' }
    case 'IP':
      return { type: 'ip', value: value ?? '' }
    default:
      throw CertError.invalidOption('names', name, 'URI:…, DNS:… or IP:…')
  }
}
