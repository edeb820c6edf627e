// SEC-3: a secret holds at least 128 bits.
import { randomBytes } from 'node:crypto'
import { sharedSecret } from '@casty/secret'
import { expect, test } from 'vitest'

test.each([
  ['a password', 'hunter2'],
  ['21 letters of Base64', 'AbCdEfGhIjKlMnOpQrStU'],
  ['31 hexadecimal digits', '0123456789abcdef0123456789abcde'],
  ['38 digits', '01234567890123456789012345678901234567'],
  ['one letter, many times', 'a'.repeat(64)],
  ['15 bytes', Uint8Array.from({ length: 15 }, (_, at) => at)],
  ['zeros', new Uint8Array(32)],
  ['nothing', ''],
])('%s is too weak, and the error says how to make a better one', (_, member) => {
  expect(() => sharedSecret({ member })).toThrow(
    expect.objectContaining({
      code: 'CASTY_SECRET_TOO_WEAK',
      message: expect.stringContaining('openssl rand -base64 32'),
    }),
  )
})

test('128 random bits are enough, however they are written', () => {
  for (let run = 0; run < 200; run++) {
    const bytes = randomBytes(16)
    const forms = [bytes, bytes.toString('hex'), bytes.toString('base64url')]
    for (const member of forms) expect(() => sharedSecret({ member })).not.toThrow()
  }
})

test.each([undefined, null, 5, {}, [5]])('%j is no secret', (member) => {
  expect(() => sharedSecret({ member } as never)).toThrow(
    expect.objectContaining({ code: 'CASTY_SECRET_INVALID_OPTION' }),
  )
})
