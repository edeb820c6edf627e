import { mayDialByDefault, NodeAddress } from '@casty/transport'
import { describe, expect, test } from 'vitest'

function mayDial(host: string, self: string): boolean {
  return mayDialByDefault(NodeAddress.of(host, 1), NodeAddress.of(self, 1))
}

describe('By default a node', () => {
  test.each(['10.0.0.7', '192.168.1.1', '172.16.0.1', '8.8.8.8', 'fd00::1', '2001:db8::1', 'db-7'])(
    'dials %s from anywhere',
    (host) => {
      expect(mayDial(host, '10.0.0.1')).toBe(true)
      expect(mayDial(host, '127.0.0.1')).toBe(true)
      expect(mayDial(host, 'db-1.example')).toBe(true)
    },
  )

  test.each([
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    'localhost',
    'a.localhost',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
  ])('dials %s, which is its own machine, only where it is there itself', (host) => {
    expect(mayDial(host, '10.0.0.1')).toBe(false)
    expect(mayDial(host, 'db-1.example')).toBe(false)
    expect(mayDial(host, '127.0.0.1')).toBe(true)
    expect(mayDial(host, 'localhost')).toBe(true)
    expect(mayDial(host, '::1')).toBe(true)
  })

  test.each([
    '169.254.169.254',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
  ])('dials %s, which is link-local, only where it has such an address itself', (host) => {
    expect(mayDial(host, '10.0.0.1')).toBe(false)
    expect(mayDial(host, '127.0.0.1')).toBe(false)
    expect(mayDial(host, '169.254.3.4')).toBe(true)
    expect(mayDial(host, 'fe80::9')).toBe(true)
  })

  test.each([
    '0.0.0.0',
    '0.1.2.3',
    '::',
    '224.0.0.1',
    '239.1.1.1',
    '255.255.255.255',
    '240.0.0.1',
    'ff02::1',
    '::ffff:0:0',
  ])('never dials %s, where no single node is', (host) => {
    expect(mayDial(host, '10.0.0.1')).toBe(false)
    expect(mayDial(host, host)).toBe(false)
  })

  test.each([
    '2130706433',
    '127.1',
    '0177.0.0.1',
    '10.0.0.256',
    '1.2.3.4.5',
    '0x7f.1',
    'a.0x7f',
    '127.0.0.1.',
    ':::',
    '1::2::3',
    '1:2:3',
    'fe80::1::',
  ])('never dials %s, which some read as another address', (host) => {
    expect(mayDial(host, '10.0.0.1')).toBe(false)
    expect(mayDial(host, '127.0.0.1')).toBe(false)
  })
})

test.each([
  ['10.0.0.7', 'evil.example', 'db-1.example', true],
  ['127.0.0.1', 'evil.example', 'db-1.example', false],
  ['169.254.169.254', 'evil.example', 'db-1.example', false],
  ['127.0.0.1', 'evil.example', '127.0.0.1', true],
  ['127.0.1.1', 'db-1.example', 'db-1.example', true],
  ['0.0.0.0', 'db-1.example', 'db-1.example', false],
])('%s, to which %s leads, is dialled by %s: %s', (host, name, self, expected) => {
  const [address, named, own] = [host, name, self].map((text) => NodeAddress.of(text, 1))
  if (!address || !named || !own) throw new Error('three addresses were given')
  expect(mayDialByDefault(address, own, named)).toBe(expected)
})
