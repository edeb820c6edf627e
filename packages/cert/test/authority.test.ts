import { X509Certificate } from 'node:crypto'
import {
  createAuthority,
  createNodeCertificate,
  renewAuthority,
  type NodeCertificateOptions,
} from '@casty/cert'
import { NodeAddress } from '@casty/transport'
import { describe, expect, test } from 'vitest'

const address = NodeAddress.parse('a.example:2551')
const node = { clusterName: 'shop', address }
const dayMs = 86_400_000

describe('an authority', () => {
  test('signs nodes, and none below it', async () => {
    const authority = await createAuthority({ name: 'shop' })
    const cert = new X509Certificate(authority.cert)
    expect(cert.ca).toBe(true)
    expect(cert.subject).toBe('CN=shop')
    expect(cert.verify(cert.publicKey)).toBe(true)
    expect(cert.validToDate.getTime() - cert.validFromDate.getTime()).toBe(3_650 * dayMs)
  })

  test('takes a name for a text, whatever stands in it', async () => {
    const authority = await createAuthority({ name: 'a, CN=b+O=c' })
    expect(new X509Certificate(authority.cert).toLegacyObject().subject).toEqual({
      CN: 'a, CN=b+O=c',
    })
  })
})

describe('an authority that is renewed', () => {
  test('has its name and its key still, and lasts from now on', async () => {
    const authority = await createAuthority({ name: 'a shop', days: 2 })
    const issued = await createNodeCertificate(authority, { ...node, days: 1 })
    const renewed = await renewAuthority(authority, { days: 300 })
    expect(renewed.key).toBe(authority.key)
    const cert = new X509Certificate(renewed.cert)
    expect(cert.subject).toBe('CN=a shop')
    expect(cert.ca).toBe(true)
    expect(cert.validToDate.getTime() - cert.validFromDate.getTime()).toBe(300 * dayMs)
    const signed = new X509Certificate(issued.cert)
    expect(signed.checkIssued(cert) && signed.verify(cert.publicKey)).toBe(true)
    expect(await createNodeCertificate(renewed, node)).toHaveProperty('cert')
  })

  test('has to be there with its own key', async () => {
    const [{ cert }, { key }] = [await createAuthority(), await createAuthority()]
    await expect(renewAuthority({ cert, key })).rejects.toMatchObject({
      code: 'CASTY_CERT_BAD_AUTHORITY',
    })
    await expect(renewAuthority({ cert, key: 'none' })).rejects.toThrow(
      /its key cannot be read as a private key in PEM/,
    )
  })
})

describe('a certificate of a node', () => {
  test('is made out to its place, and signed by the authority', async () => {
    const authority = await createAuthority()
    const issued = await createNodeCertificate(authority, { ...node, days: 2 })
    const cert = new X509Certificate(issued.cert)
    expect(cert.ca).toBe(false)
    expect(cert.subjectAltName).toBe('URI:casty://shop/a.example:2551')
    expect(cert.verify(new X509Certificate(authority.cert).publicKey)).toBe(true)
    expect(cert.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
    expect(cert.validToDate.getTime() - cert.validFromDate.getTime()).toBe(2 * dayMs)
  })

  test.each([
    ['a.example:0', 'shop', 'URI:casty://shop/a.example'],
    ['[::1]:2551', 'shop', 'URI:casty://shop/[::1]:2551'],
    ['a.example:1', 'a shop/é', 'URI:casty://a%20shop%2F%C3%A9/a.example:1'],
  ])('for %s of %s is made out to %s', async (place, clusterName, name) => {
    const authority = await createAuthority()
    const issued = await createNodeCertificate(authority, {
      clusterName,
      address: NodeAddress.parse(place),
      names: ['DNS:b.example', 'IP:10.0.0.1'],
    })
    const { subjectAltName } = new X509Certificate(issued.cert)
    expect(subjectAltName).toBe(`${name}, DNS:b.example, IP Address:10.0.0.1`)
  })

  test.each([
    ['a name of no kind', { names: ['b.example'] }, /^names is "b\.example"/],
    ['names that are no list', { names: 'DNS:b.example' }, /^names is .* a list/],
    ['an address that is none', { names: ['IP:10.0.0.300'] }, /^names is "IP:10\.0\.0\.300"/],
    ['a network', { names: ['IP:10.0.0.1/8'] }, /^names is "IP:10\.0\.0\.1\/8"/],
    ['a wildcard', { names: ['DNS:*.example'] }, /without wildcards/],
    ['two names in one', { names: ['DNS:a,DNS:b'] }, /^names is "DNS:a,DNS:b"/],
    ['a name that is not ASCII', { names: ['DNS:é.example'] }, /in ASCII/],
    ['no days', { days: 0 }, /^days is 0/],
    ['more days than a century', { days: 40_000 }, /^days is 40000/],
    ['no date to begin with', { validFrom: new Date('soon') }, /^validFrom is "Invalid Date"/],
    ['a date that ends too late', { validFrom: new Date('9999-12-01') }, /before the year 9999/],
    ['no cluster', { clusterName: '' }, /^clusterName is ""/],
    ['half a letter in its cluster', { clusterName: '\ud800' }, /^clusterName is/],
    ['an address that is a text', { address: 'a.example:2551' }, /NodeAddress\.parse/],
    ['an option that there is not', { dayz: 3 }, /^dayz is 3/],
  ])('is refused with %s', async (_what, options, message) => {
    const authority = await createAuthority()
    const given = { ...node, ...options } as NodeCertificateOptions // As of a user without types.
    await expect(createNodeCertificate(authority, given)).rejects.toMatchObject({
      code: 'CASTY_CERT_INVALID_OPTION',
      message: expect.stringMatching(message),
    })
  })

  test('lasts no longer than its authority: later nobody would take it', async () => {
    const authority = await createAuthority({ days: 30 })
    const { validTo } = new X509Certificate(authority.cert)
    const until = new Date(validTo).toISOString()
    await expect(createNodeCertificate(authority, node)).rejects.toMatchObject({
      code: 'CASTY_CERT_INVALID_OPTION',
      message: expect.stringMatching(`^days is 90, .* ends at ${until}`),
    })
    expect(await createNodeCertificate(authority, { ...node, days: 29 })).toHaveProperty('cert')
  })

  test('is signed by nobody who is no authority, or has the wrong key', async () => {
    const authority = await createAuthority()
    const other = await createAuthority()
    const leaf = await createNodeCertificate(authority, node)
    const unfit = { cert: authority.cert, key: other.key }
    for (const signer of [leaf, unfit, { cert: 'none', key: 'none' }]) {
      await expect(createNodeCertificate(signer, node)).rejects.toMatchObject({
        code: 'CASTY_CERT_BAD_AUTHORITY',
      })
    }
  })
})
