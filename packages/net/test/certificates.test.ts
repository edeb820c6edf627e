import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeNotice, Security, type CertificateNotice, type TlsOptions } from '@casty/net'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { TestAuthority, type TestCredentials } from '../../../tooling/tls-contract/index.ts'

const dayMs = 86_400_000

let authority: TestAuthority
let good: TestCredentials
beforeAll(async () => {
  authority = await TestAuthority.create()
  good = await authority.issue()
})

describe('what a node would show is refused at the start', () => {
  const cases: Readonly<Record<string, [what: RegExp, () => unknown]>> = {
    'where a file is missing': [
      /in cert, \/no\/such\/file, is not there\. .*<host>-<port>\.crt/,
      () => ({ cert: '/no/such/file' }),
    ],
    'where a file cannot be read': [
      /in cert, \/, cannot be read \(EISDIR\)/,
      () => ({ cert: '/' }),
    ],
    'where a text holds no certificate': [/in ca .*holds no certificate/, () => ({ ca: good.key })],
    'where a certificate is torn': [
      /in cert .*cannot be read/,
      () => ({ cert: good.cert.replace(/\n[^\n]{20}/, '\n') }),
    ],
    'where what follows the certificate is half-written': [
      /in cert .*holds the beginning of a certificate without its end/,
      () => ({ cert: `${good.cert}${good.cert.slice(0, 200)}` }),
    ],
    'where what follows the authority is half-written': [
      /in ca .*holds the beginning of a certificate without its end/,
      () => ({ ca: `${good.ca}${good.ca.slice(0, 200)}` }),
    ],
    'where TLS itself cannot read them': [
      /is in ca, cert and key cannot be used for TLS/,
      () => ({ cert: `${good.cert}-----BEGIN TRUSTED CERTIFICATE-----\nMIIB\n` }),
    ],
    'where the key is none': [
      /in key .*cannot be read as a private key/,
      () => ({ key: good.cert }),
    ],
    'where the key belongs to another': [
      /does not belong to the private key/,
      async () => ({ key: (await authority.issue()).key }),
    ],
    'where it has expired': [
      /expired at /,
      () => authority.issue({ validFrom: new Date(Date.now() - 2 * dayMs) }),
    ],
    'where it is not valid yet': [
      /is not valid before /,
      () => authority.issue({ validFrom: new Date(Date.now() + dayMs) }),
    ],
    'where another authority has signed it': [
      /is not signed by an authority in ca/,
      async () => ({ ca: (await TestAuthority.create('other')).ca }),
    ],
  }
  test.each(Object.entries(cases))('%s', async (_what, [message, change]) => {
    const options = { ...good, ...Object(await change()) }
    expect(() => new Security(options)).toThrow(
      expect.objectContaining({
        code: 'CASTY_TRANSPORT_BAD_CERTIFICATE',
        message: expect.stringMatching(message),
      }),
    )
  })

  test.each([
    ['ca', undefined],
    ['cert', ''],
    ['key', 5],
    ['passphrase', 5],
    ['allow', []],
    ['allow', ['a.example']],
    ['onCertificate', 'log'],
    ['reloadIntervalMs', 99],
    ['handshakeTimeoutMs', 0],
    ['endsWithCertificate', 'yes'],
    ['exposedKey', 'ignore'],
    ['cafile', 'ca.crt'],
  ])('with %s of %s', (name, value) => {
    const options = { ...good, [name]: value } // As of a user without types.
    expect(() => new Security(options as TlsOptions)).toThrow(
      expect.objectContaining({
        code: 'CASTY_TRANSPORT_INVALID_OPTION',
        message: expect.stringContaining(name),
      }),
    )
  })

  test('and no error tells what a key is', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const secret = key.split('\n')[1]
    for (const options of [
      { ...good, key },
      { ...good, cert: key },
    ]) {
      expect(() => new Security(options)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining(String(secret)) }),
      )
    }
  })
})

test('a key may be encrypted', () => {
  const key = createPrivateKey(good.key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'sesame' })
    .toString()
  expect(() => new Security({ ...good, key, passphrase: 'open' })).toThrow(/passphrase is wrong/)
  const security = new Security({ ...good, key, passphrase: 'sesame' })
  expect(security.certificates.credentials.names).toEqual(['URI:casty://tests/127.0.0.1'])
})

test.each([
  ['DNS:A.Example', ['DNS:a.example'], true],
  ['IP:0:0:0:0:0:0:0:1', ['IP:::1'], true],
  ['IP:10.0.0.1', ['IP:10.0.0.1'], true],
  ['URI:casty://Shop/a', ['URI:casty://shop/a'], false],
])('%s on the list allows %j: %s', (allowed, names, expected) => {
  expect(new Security({ ...good, allow: [allowed] }).allows(names)).toBe(expected)
})

describe('the end of a certificate', () => {
  afterEach(() => vi.useRealTimers())

  test.each([
    ['of 90 days, of which 60 are left', 90, 30, []],
    ['of 90 days, of which 9 are left', 90, 81, ['expires-soon']],
    ['of a day that has just begun', 1, 0.1, []],
    ['of a day with an hour left', 1, 0.96, ['expires-soon']],
  ])('%s is told at the start where it is near', async (_what, days, ageDays, expected) => {
    const validFrom = new Date(Date.now() - ageDays * dayMs)
    const notices: CertificateNotice[] = []
    const tls = await authority.issue({ validFrom, days })
    const security = new Security({ ...tls, onCertificate: (notice) => notices.push(notice) })
    expect(notices.map(({ type }) => type)).toEqual(expected)
    for (const notice of notices) {
      const { expiresAt } = security.certificates.credentials
      expect(describeNotice(notice)).toContain(new Date(expiresAt).toISOString())
    }
  })

  test('is told 30, 7 and 1 days before it, and as it comes', async () => {
    const tls = await authority.issue({ days: 90 })
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] })
    const notices: string[] = []
    const security = new Security({
      ...tls,
      reloadIntervalMs: 3_600_000,
      onCertificate(notice) {
        notices.push(notice.type === 'expires-soon' ? `${notice.daysLeft} days` : notice.type)
        throw new Error('a listener of the user')
      },
    })
    const watch = security.certificates.watch(() => {})
    vi.advanceTimersByTime(59 * dayMs)
    expect(notices).toEqual([])
    vi.advanceTimersByTime(31 * dayMs)
    expect(notices).toEqual(['29 days', '6 days', '0 days', 'expired', 'reload-failed'])
    watch[Symbol.dispose]()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the end of an authority', () => {
  afterEach(() => vi.useRealTimers())

  test('is told before that of what it has signed, and refused as it has come', async () => {
    const issued = await authority.issue({ days: 300 })
    const { ca } = await authority.renew({ days: 100 })
    const ends = new X509Certificate(ca).validToDate
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] })
    const notices: CertificateNotice[] = []
    const onCertificate = (notice: CertificateNotice): void => void notices.push(notice)
    const tls = { ...issued, ca, onCertificate, reloadIntervalMs: 3_600_000 }
    const { certificates } = new Security(tls)
    using _ = certificates.watch(() => {})
    vi.advanceTimersByTime(69 * dayMs)
    expect(notices).toEqual([])
    vi.advanceTimersByTime(2 * dayMs)
    const expiresAt = ends.getTime()
    expect(notices).toEqual([
      { type: 'expires-soon', endsWith: 'authority', expiresAt, daysLeft: 29 },
    ])
    const [notice] = notices
    expect(notice && describeNotice(notice)).toBe(
      `The authority of this node's certificate expires at ${ends.toISOString()}: ` +
        'replace it on all nodes, and the certificates that it has signed.',
    )
    vi.advanceTimersByTime(30 * dayMs)
    expect(notices.slice(1)).toMatchObject([
      { type: 'expires-soon', daysLeft: 6 },
      { type: 'expires-soon', daysLeft: 0 },
      { type: 'expired', endsWith: 'authority', expiresAt },
      { type: 'reload-failed' },
    ])
    expect(() => new Security(tls)).toThrow(
      expect.objectContaining({
        code: 'CASTY_TRANSPORT_BAD_CERTIFICATE',
        message: expect.stringContaining(`an authority that expired at ${ends.toISOString()}`),
      }),
    )
    const both = new Security({ ...tls, ca: ca + authority.ca }) // One of them is enough.
    expect(both.certificates.credentials).toMatchObject({ endsWith: 'certificate' })
  })
})

describe('files that are read while they are written', () => {
  afterEach(() => vi.useRealTimers())

  test('leave what was in use, and are told once', () => {
    const folder = mkdtempSync(join(tmpdir(), 'casty-certificates-'))
    const cert = join(folder, 'node.crt')
    writeFileSync(cert, good.cert)
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] })
    const notices: string[] = []
    const onCertificate = ({ type }: CertificateNotice): void => void notices.push(type)
    const tls = { ...good, cert, reloadIntervalMs: 1_000, onCertificate }
    const { certificates } = new Security(tls)
    const { context } = certificates
    using _ = certificates.watch(() => notices.push('changed'))
    writeFileSync(cert, `${good.cert}${good.cert.slice(0, 200)}`)
    vi.advanceTimersByTime(3_000)
    expect(notices).toEqual(['reload-failed'])
    expect(certificates.context).toBe(context)
    writeFileSync(cert, `${good.cert}${good.ca}`)
    vi.advanceTimersByTime(1_000)
    expect(notices).toEqual(['reload-failed', 'changed', 'reloaded'])
    rmSync(folder, { recursive: true })
  })
})

describe('a key that others may read', () => {
  let folder: string
  let key: string
  beforeEach(({ skip }) => {
    skip(process.platform === 'win32', 'files have no modes here')
    folder = mkdtempSync(join(tmpdir(), 'casty-key-'))
    key = join(folder, 'node.key')
    writeFileSync(key, good.key)
  })
  afterEach(() => {
    vi.restoreAllMocks()
    rmSync(folder, { recursive: true, force: true })
  })

  test('is told at the start, and as it comes to that, each once', () => {
    const notices: CertificateNotice[] = []
    const onCertificate = (notice: CertificateNotice): void => void notices.push(notice)
    chmodSync(key, 0o644)
    const { certificates } = new Security({ ...good, key, onCertificate })
    certificates.reload()
    expect(notices).toEqual([{ type: 'key-exposed', file: key, mode: '0644' }])
    chmodSync(key, 0o640)
    certificates.reload()
    chmodSync(key, 0o602)
    certificates.reload()
    expect(notices.slice(1)).toEqual([{ type: 'key-exposed', file: key, mode: '0602' }])
  })

  test('is told the process by its code where nobody listens', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    chmodSync(key, 0o644)
    const security = new Security({ ...good, key })
    expect(security.options.exposedKey).toBe('tell')
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      `Others may read the private key in ${key} (0644): chmod 600.`,
      { type: 'CastyWarning', code: 'CASTY_KEY_EXPOSED' },
    )
  })

  test('is refused where that is asked for', () => {
    chmodSync(key, 0o600)
    const { certificates } = new Security({ ...good, key, exposedKey: 'refuse' })
    const { context } = certificates
    chmodSync(key, 0o644)
    const refusal = expect.objectContaining({
      code: 'CASTY_TRANSPORT_BAD_CERTIFICATE',
      message: expect.stringMatching(/in key, .*node\.key, may be read by others \(0644\)/),
    })
    expect(() => certificates.reload()).toThrow(refusal)
    expect(certificates.context).toBe(context)
    expect(() => new Security({ ...good, key, exposedKey: 'refuse' })).toThrow(refusal)
  })
})
