import { NodeAddress, TransportError } from '@casty/transport'
import { expect, test } from 'vitest'

const address = NodeAddress.parse('a:1')

test.each([
  ['badCertificate', (cause?: unknown) => TransportError.badCertificate('It', 'is none', cause)],
  ['dialFailed', (cause?: unknown) => TransportError.dialFailed(address, 'refused', cause)],
  ['malformed', (cause?: unknown) => TransportError.malformed('It is short', cause)],
])('an error of %s has a cause where there is one, and none otherwise', (_, made) => {
  expect(Object.hasOwn(made(), 'cause')).toBe(false)
  expect(made('a reason').cause).toBe('a reason')
})
