import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  createAuthority,
  createNodeCertificate,
  renewAuthority,
  type AuthorityOptions,
  type IssuedCertificate,
  type NodeCertificateOptions,
} from './authority.ts'
import type { Validity } from './check-options.ts'
import { CertError } from './errors.ts'

/** Where files are written. */
export interface FileOptions {
  /** Replaces files that are there. @defaultValue false: they are left as they are */
  readonly force?: boolean
}

/** Paths of what was written, and what it says. */
export interface WrittenCertificate {
  readonly cert: string
  readonly key: string
  /** Whom it is made out to. */
  readonly subject: string
  /** As ISO 8601. */
  readonly expiresAt: string
}

/**
 * Makes an authority as `ca.crt` and `ca.key` in a folder, which is made if need be. Both are readable for
 * their owner alone.
 *
 * @throws CertError `CASTY_CERT_FILE_EXISTS`, `CASTY_CERT_INVALID_OPTION`; what the file system says
 */
export async function writeAuthority(
  folder: string,
  { force = false, ...options }: AuthorityOptions & FileOptions = {},
): Promise<WrittenCertificate> {
  return await write(folder, 'ca', force, () => createAuthority(options))
}

/**
 * Replaces `ca.crt` of an authority in a folder by one that lasts longer, with the same name and key.
 *
 * @throws CertError `CASTY_CERT_BAD_AUTHORITY`, `CASTY_CERT_INVALID_OPTION`; what the file system says
 */
export async function renewAuthorityFile(
  folder: string,
  validity: Validity = {},
): Promise<WrittenCertificate> {
  const issued = await renewAuthority(await readAuthorityFiles(folder), validity)
  const paths = pathsOf(folder, 'ca')
  await writeWhole(paths.cert, issued.cert, true)
  return describe(paths, issued)
}

/**
 * Makes a certificate of a node, by the authority in a folder, as `<host>-<port>.crt` and `.key`: without
 * the port where it is for all of them.
 *
 * @param authorityFolder - with `ca.crt` and `ca.key`
 * @throws CertError `CASTY_CERT_BAD_AUTHORITY`, and as `writeAuthority`
 */
export async function writeNodeCertificate(
  authorityFolder: string,
  folder: string,
  { force = false, ...options }: NodeCertificateOptions & FileOptions,
): Promise<WrittenCertificate> {
  const { host, port } = options.address
  const place = host.replaceAll(':', '_')
  return await write(folder, port === 0 ? place : `${place}-${port}`, force, async () =>
    createNodeCertificate(await readAuthorityFiles(authorityFolder), options),
  )
}

async function readAuthorityFiles(folder: string): Promise<IssuedCertificate> {
  try {
    const cert = await readFile(join(folder, 'ca.crt'), 'utf8')
    return { cert, key: await readFile(join(folder, 'ca.key'), 'utf8') }
  } catch (error) {
    throw CertError.badAuthority(error)
  }
}

/** Nothing is made where one of the two is there already. */
async function write(
  folder: string,
  name: string,
  force: boolean,
  issue: () => Promise<IssuedCertificate>,
): Promise<WrittenCertificate> {
  const paths = pathsOf(folder, name)
  for (const path of Object.values(paths)) {
    if (!force && existsSync(path)) throw CertError.fileExists(path)
  }
  const issued = await issue()
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeWhole(paths.key, issued.key, force)
  await writeWhole(paths.cert, issued.cert, force)
  return describe(paths, issued)
}

type Paths = Pick<WrittenCertificate, 'cert' | 'key'>

function pathsOf(folder: string, name: string): Paths {
  return { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) }
}

function describe(paths: Paths, { cert }: IssuedCertificate): WrittenCertificate {
  const { subjectAltName, subject, validToDate } = new X509Certificate(cert)
  return { ...paths, subject: subjectAltName ?? subject, expiresAt: validToDate.toISOString() }
}

/** Whoever reads it meanwhile sees the old one or the new one, and no half. */
async function writeWhole(path: string, text: string, force: boolean): Promise<void> {
  const options = { mode: 0o600, flag: 'wx' }
  if (!force) return await writeFile(path, text, options)
  const beside = `${path}.${process.pid}.new`
  await writeFile(beside, text, options)
  await rename(beside, path)
}
