import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isInNpxCache } from '../../npx-cache.mjs'

/** A cache of npm's in which npx has run once, with these texts as manifests of packages. */
function npmCache(manifests: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'casty-npm-cache-'))
  for (const [name, text] of Object.entries(manifests)) {
    const home = join(folder, '_npx', '0123456789abcdef', 'node_modules', name)
    mkdirSync(home, { recursive: true })
    writeFileSync(join(home, 'package.json'), text)
  }
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}

test('what npx has run before is not fetched again', () => {
  using cache = npmCache({ pnpm: '{"version":"12.21.0"}', node: '{"version":"24.21.0"}' })
  expect(isInNpxCache('node@24.21.0', cache.folder)).toBe(true)
})

test.each([
  ['another version', { node: '{"version":"24.20.0"}' }],
  ['another package', { pnpm: '{"version":"24.21.0"}' }],
  ['a broken installation', { node: '' }],
  ['an empty cache', {}],
])('%s is fetched', (_, manifests) => {
  using cache = npmCache(manifests)
  expect(isInNpxCache('node@24.21.0', cache.folder)).toBe(false)
})

test('where npx has never run, everything is fetched', () => {
  expect(isInNpxCache('node@24.21.0', join(tmpdir(), 'casty-no-such-cache'))).toBe(false)
})
