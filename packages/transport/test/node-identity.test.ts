import fc from 'fast-check'
import { NodeAddress, NodeIdentity } from '@casty/transport'
import { describe, expect, test } from 'vitest'

const invalid = expect.objectContaining({ code: 'CASTY_TRANSPORT_INVALID_ADDRESS' })
const hosts = ['a', 'b.example', '10.0.0.1', '::1', 'fe80::1', 'node-1']
const addresses = fc
  .tuple(fc.constantFrom(...hosts), fc.integer({ min: 0, max: 65_535 }))
  .map(([host, port]) => NodeAddress.of(host, port))
const identities = fc
  .tuple(addresses, fc.nat({ max: 5 }))
  .map(([address, incarnation]) => NodeIdentity.of(address, incarnation))

describe('an address', () => {
  test.each([
    ['127.0.0.1:2551', '127.0.0.1', 2_551],
    ['Example.ORG:1', 'example.org', 1],
    ['[::1]:2551', '::1', 2_551],
    ['[FE80::1%eth0]:0', 'fe80::1%eth0', 0],
  ])('reads %s', (text, host, port) => {
    expect(NodeAddress.parse(text)).toMatchObject({ host, port })
  })

  test.each(['', 'host', 'host:', ':1', 'host:65536', '::1:2551', 'a b:1', 'host:-1', 'host:1x'])(
    'does not read "%s"',
    (text) => {
      expect(() => NodeAddress.parse(text)).toThrow(invalid)
    },
  )

  test('reads back from its own text', () => {
    fc.assert(
      fc.property(addresses, (address) => {
        expect(NodeAddress.parse(address.toString()).equals(address)).toBe(true)
      }),
      { seed: 1 },
    )
  })

  test('is ordered by host, then by port as a number', () => {
    const sorted = ['b:1', 'a:10', 'a:9'].map((text) => NodeAddress.parse(text))
    expect(sorted.toSorted(NodeAddress.compare).map(String)).toEqual(['a:9', 'a:10', 'b:1'])
  })
})

describe('an identity', () => {
  test('reads back from its key', () => {
    fc.assert(
      fc.property(identities, (identity) => {
        expect(NodeIdentity.parse(identity.key).equals(identity)).toBe(true)
      }),
      { seed: 2 },
    )
  })

  test('is one of a total order', () => {
    fc.assert(
      fc.property(identities, identities, identities, (a, b, c) => {
        expect(Math.sign(NodeIdentity.compare(a, b))).toBe(-Math.sign(NodeIdentity.compare(b, a)))
        expect(NodeIdentity.compare(a, b) === 0).toBe(a.equals(b))
        const [x, y, z] = [a, b, c].toSorted(NodeIdentity.compare)
        if (x === undefined || y === undefined || z === undefined) throw new Error('three went in')
        expect(NodeIdentity.compare(x, z)).toBeLessThanOrEqual(0)
      }),
      { seed: 3 },
    )
  })

  test.each(['a:1', 'a:1#', 'a:1#-1', 'a:1#1.5', 'a:1#x', 'a#1'])('does not read "%s"', (text) => {
    expect(() => NodeIdentity.parse(text)).toThrow(invalid)
  })
})
