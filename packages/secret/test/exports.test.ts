import { readFileSync } from 'node:fs'
import { expect, expectTypeOf, test } from 'vitest'
import * as secret from '../src/index.ts'

test('the public surface is what is written here', () => {
  expect(Object.keys(secret).toSorted()).toEqual(['SecretError', 'SharedSecret', 'sharedSecret'])
})

test('the README lists every error code, and no other', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const documented = ['CASTY_SECRET_INVALID_OPTION', 'CASTY_SECRET_TOO_WEAK'] as const
  expect(new Set(readme.match(/CASTY_SECRET_[A-Z_]+/g))).toEqual(new Set(documented))
  expectTypeOf<(typeof documented)[number]>().toEqualTypeOf<secret.SecretErrorCode>()
})
