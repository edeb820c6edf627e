import { expect, test } from 'vitest'
import { tcpDefaults, tcpTransport } from '@casty/transport-tcp'

test.each([
  ['dialTimeoutMs', 0, '1 to 600000'],
  ['lingerMs', Number.NaN, '1 to 600000'],
  ['keepAliveDelayMs', 999, '1000 to 86400000'],
  ['maxConnections', 1.5, '1 to 1000000'],
  ['backlog', 65_536, '1 to 65535'],
  ['readBufferBytes', '65536', '4096 to 16777216'],
])('%s of %s is refused with what is allowed', (name, value, allowed) => {
  expect(() => tcpTransport({ [name]: value })).toThrow(
    expect.objectContaining({
      code: 'CASTY_TRANSPORT_INVALID_OPTION',
      message: expect.stringMatching(`${name} of tcpTransport is .*${value}.*${allowed}`),
    }),
  )
})

test('an unknown option is refused with the names there are', () => {
  const misspelled = { lingerMs: 5, linger: 5 }
  expect(() => tcpTransport(misspelled)).toThrow(
    expect.objectContaining({
      code: 'CASTY_TRANSPORT_INVALID_OPTION',
      message: expect.stringMatching('"linger".*dialTimeoutMs, lingerMs'),
    }),
  )
})

test('the documented defaults are allowed', () => {
  expect(tcpTransport(tcpDefaults).name).toBe('tcp')
})
