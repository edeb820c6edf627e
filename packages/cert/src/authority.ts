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
  type JsonName,
} from '@peculiar/x509'
import {
  createPrivateKey,
  createPublicKey,
  X509Certificate as NodeCertificate,
  webcrypto,
  type KeyObject,
} from 'node:crypto'
import { certificateNames, type NodeAddress } from '@casty/transport'
import {
  checkNames,
  checkNoOthers,
  checkPeriod,
  checkPlace,
  distinguished,
  generalName,
  type CertificateLife,
  type Validity,
} from './check-options.ts'
import { CertError } from './errors.ts'

/** A certificate and the private key that it belongs to, both in PEM. */
export interface IssuedCertificate {
  readonly cert: string
  readonly key: string
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

/**
 * Makes an authority of its own: its certificate goes to every node, its key stays where it is.
 *
 * @throws CertError `CASTY_CERT_INVALID_OPTION`
 */
export async function createAuthority({
  name = 'casty',
  validFrom,
  days,
  ...others
}: AuthorityOptions = {}): Promise<IssuedCertificate> {
  checkNoOthers(others)
  const validity = checkPeriod(validFrom, days, certDefaults.authorityDays)
  return await selfSigned(distinguished(name), validity, await newKeys())
}

/**
 * Makes a new certificate of an authority, with the same name and key: what it has signed stays good wherever that is trusted.
 *
 * @throws CertError `CASTY_CERT_INVALID_OPTION`, `CASTY_CERT_BAD_AUTHORITY`
 */
export async function renewAuthority(
  authority: IssuedCertificate,
  { validFrom, days, ...others }: Validity = {},
): Promise<IssuedCertificate> {
  checkNoOthers(others)
  const validity = checkPeriod(validFrom, days, certDefaults.authorityDays)
  const { cert, key, publicKey } = await readAuthority(authority)
  return await selfSigned(cert.subjectName.toJSON(), validity, { privateKey: key, publicKey })
}

async function selfSigned(
  name: JsonName,
  validity: CertificateLife,
  keys: webcrypto.CryptoKeyPair,
): Promise<IssuedCertificate> {
  const cert = await X509CertificateGenerator.createSelfSigned({
    name,
    ...validity,
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
  { clusterName, address, names = [], validFrom, days, ...others }: NodeCertificateOptions,
): Promise<IssuedCertificate> {
  checkNoOthers(others)
  checkPlace(clusterName, address)
  const [exact = '', host = ''] = certificateNames(clusterName, address)
  const own = address.port === 0 ? host : exact
  const alternatives = [...new Set([own, ...checkNames(names)])].map(generalName)
  const validity = checkPeriod(validFrom, days, certDefaults.nodeDays)
  const issuer = await readAuthority(authority)
  const { notAfter } = issuer.cert
  if (validity.notAfter > notAfter) {
    const allowed = `so few that its authority, which ends at ${notAfter.toISOString()}, lasts as long: renew that first, or say fewer`
    throw CertError.invalidOption('days', days ?? certDefaults.nodeDays, allowed)
  }
  const keys = await newKeys()
  const cert = await X509CertificateGenerator.create({
    subject: distinguished(address.host.slice(0, 64)),
    issuer: issuer.cert.subject,
    ...validity,
    publicKey: keys.publicKey,
    signingKey: issuer.key,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension(alternatives),
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

function readKey(text: string): KeyObject {
  try {
    return createPrivateKey(text)
  } catch (cause) {
    throw new Error('its key cannot be read as a private key in PEM', { cause })
  }
}

async function readAuthority({ cert, key }: IssuedCertificate) {
  try {
    const checked = new NodeCertificate(cert)
    const secret = readKey(key)
    if (!checked.ca) throw new Error('its certificate is no authority')
    if (!checked.checkPrivateKey(secret)) throw new Error('its key belongs to another certificate')
    const bytes = secret.export({ type: 'pkcs8', format: 'der' })
    const own = await webcrypto.subtle.importKey('pkcs8', bytes, algorithm, true, ['sign'])
    const der = createPublicKey(secret).export({ type: 'spki', format: 'der' })
    const publicKey = await webcrypto.subtle.importKey('spki', der, algorithm, true, ['verify'])
    return { cert: new X509Certificate(cert), key: own, publicKey }
  } catch (error) {
    throw CertError.badAuthority(error)
  }
}
