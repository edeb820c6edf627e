import { X509Certificate } from 'node:crypto'
import { createAuthority, createNodeCertificate } from '@casty/cert'
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
    ['a name of no kind', { names: ['b.example'] }, 'names'],
    ['no days', { days: 0 }, 'days'],
    ['more days than a century', { days: 40_000 }, 'days'],
  ])('is refused with %s', async (_what, options, name) => {
    const authority = await createAuthority()
    await expect(createNodeCertificate(authority, { ...node, ...options })).rejects.toMatchObject({
      code: 'CASTY_CERT_INVALID_OPTION',
      message: expect.stringContaining(name),
    })
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
