// SEC-18: secrets are in no text that casty makes.
import { inspect } from 'node:util'
import { sharedSecret } from '@casty/secret'
import { expect, test } from 'vitest'
import { createWorld, dialled, secrets } from './world.ts'

const given = { member: [secrets.old, secrets.new], client: secrets.client }

test('a shared secret shows nothing of what it holds', () => {
  const secret = sharedSecret(given)
  const shown = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect(secret, { showHidden: true, depth: 20, getters: true }),
    inspect({ options: { secret } }, { depth: 20 }),
    inspect(secret.begin(), { showHidden: true, depth: 20, getters: true }),
    JSON.stringify(Object.entries(secret)),
  ]
  expectNothingOf(shown.join('\n'))
  expect(shown[0]).toBe('[a shared secret]')
})

test.each([
  { member: 'pass-word' },
  { member: 'pass-word'.repeat(200) },
  { member: [secrets.old], client: [secrets.old] },
  { member: Array.from({ length: 9 }, () => secrets.old) },
  'pass-word',
])('an error over secrets shows none of them (%#)', (wrong) => {
  let error: unknown
  try {
    sharedSecret(wrong as never)
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(Error)
  const shown = inspect(error, { showHidden: true, depth: 20 }) + JSON.stringify(error)
  expectNothingOf(shown.replace(/\n\s+at .*/g, ''))
  expect(shown.replace(/\n\s+at .*/g, '')).not.toContain('pass-word')
})

test('neither events, nor refusals, nor reports of endpoints show one', async () => {
  const world = createWorld()
  await using alice = await world.start('a:1', { authentication: world.secret(given) })
  await using bob = await world.start('b:1', {
    authentication: world.secret({ member: secrets.other, client: secrets.client }),
  })
  expect(await dialled(world, alice, bob)).toBe('authentication')
  const shown = [
    alice.events,
    bob.events,
    alice.endpoint.explain(),
    alice.endpoint.counters(),
    alice.endpoint,
  ].map((one) => inspect(one, { showHidden: true, depth: 20 }) + JSON.stringify(one))
  expect(shown.join('')).toContain('authentication-failed')
  expectNothingOf(shown.join('\n'))
})

function expectNothingOf(shown: string): void {
  for (const secret of Object.values(secrets)) {
    expect(shown).not.toContain(secret)
    const bytes = new TextEncoder().encode(secret)
    expect(shown).not.toContain(bytes.slice(0, 6).join(', '))
    expect(shown.toLowerCase()).not.toContain(Buffer.from(bytes).toString('hex').slice(0, 16))
    expect(shown).not.toContain(Buffer.from(bytes).toString('base64').slice(0, 16))
  }
}
