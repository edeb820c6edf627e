import { isIP } from 'node:net'
import type { JsonGeneralName } from '@peculiar/x509'
import type { NodeAddress } from '@casty/transport'
import { CertError } from './errors.ts'

const dayMs = 86_400_000
const clockSlackMs = 60_000
/** X.509 writes years with four digits. RFC 5280, §4.1.2.5 */
const lastInstant = Date.UTC(9_999, 11, 31)

/** From when on and for how long a certificate is valid. */
export interface Validity {
  /** @defaultValue a minute ago, so that clocks of other machines may be a little late */
  readonly validFrom?: Date
  /** In days, fractions allowed. */
  readonly days?: number
}

/** The same, as two instants. */
export interface CertificateLife {
  readonly notBefore: Date
  readonly notAfter: Date
}

/** @throws CertError `CASTY_CERT_INVALID_OPTION` */
export function checkPeriod(
  validFrom: Date | undefined,
  days: number | undefined,
  defaultDays: number,
): CertificateLife {
  const notBefore = validFrom ?? new Date(Date.now() - clockSlackMs)
  if (!(notBefore instanceof Date) || Number.isNaN(notBefore.getTime())) {
    throw CertError.invalidOption('validFrom', String(validFrom), 'a date')
  }
  const length = days ?? defaultDays
  if (!(Number.isFinite(length) && length > 0 && length <= 36_500)) {
    throw CertError.invalidOption('days', length, 'a number above 0, and at most 36500')
  }
  const notAfter = new Date(notBefore.getTime() + length * dayMs)
  if (notAfter.getTime() <= lastInstant) return { notBefore, notAfter }
  throw CertError.invalidOption(
    'validFrom',
    notBefore,
    'so early that it ends before the year 9999',
  )
}

/** As JSON, so that nothing in the text is read as more than a text. @throws CertError `CASTY_CERT_INVALID_OPTION` */
export function distinguished(name: string): { readonly CN: string[] }[] {
  if (typeof name === 'string' && name.length >= 1 && name.length <= 64) return [{ CN: [name] }]
  throw CertError.invalidOption('name', name, 'a text of 1 to 64 characters')
}

/** @throws CertError `CASTY_CERT_INVALID_OPTION` */
export function checkPlace(clusterName: string, address: NodeAddress): void {
  const isName = typeof clusterName === 'string' && /^\P{Surrogate}{1,100}$/su.test(clusterName)
  if (!isName)
    throw CertError.invalidOption('clusterName', clusterName, 'a text of 1 to 100 characters')
  const { host, port }: Partial<NodeAddress> = Object(address)
  if (typeof host === 'string' && typeof port === 'number') return
  throw CertError.invalidOption(
    'address',
    address,
    "a NodeAddress: NodeAddress.parse('a.example:2551')",
  )
}

/** @throws CertError `CASTY_CERT_INVALID_OPTION` */
export function checkNames(names: readonly string[]): readonly string[] {
  if (Array.isArray(names)) return names
  throw CertError.invalidOption('names', names, 'a list of names')
}

/** Names are compared letter by letter, so nothing in them stands for anything else. @throws CertError `CASTY_CERT_INVALID_OPTION` */
export function generalName(name: string): JsonGeneralName {
  const [, kind, value = ''] = /^(URI|DNS|IP):([!-~]+)$/.exec(name) ?? []
  if (kind === 'URI') return { type: 'url', value }
  if (kind === 'DNS' && /^\w[\w.-]{0,252}$/.test(value)) return { type: 'dns', value }
  if (kind === 'IP' && isIP(value) !== 0) return { type: 'ip', value }
  const allowed =
    'URI:…, DNS: and one host, or IP: and one address; in ASCII, and without wildcards'
  throw CertError.invalidOption('names', name, allowed)
}

/** @param others - what is left once all that are known are taken out @throws CertError `CASTY_CERT_INVALID_OPTION` */
export function checkNoOthers(others: object): void {
  const [unknown] = Object.entries(others)
  if (unknown)
    throw CertError.invalidOption(unknown[0], unknown[1], 'left out: there is no such option')
}
