import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { bundle } from '../src/bundle.ts'

function programOf(name: string): string {
  return fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url))
}

/** What a page takes that watches and asks, and one that uses values and structures too, in bytes with gzip. */
test.each([
  ['watching.page', 125_000],
  ['shop.page', 187_000],
])('the bundle of %s asks for nothing that only Node has, in %i bytes', async (name, most) => {
  const { code, imports, warnings, minifiedBytes, gzipBytes } = await bundle(programOf(name))
  expect({ imports, warnings }).toEqual({ imports: [], warnings: [] })
  expect(code).not.toMatch(/["'`]node:|\brequire\(/)
  const kilobytes = (bytes: number): number => Math.round(bytes / 1_000)
  console.log(
    `${name}: ${kilobytes(minifiedBytes)} KB minified, ${kilobytes(gzipBytes)} KB with gzip`,
  )
  expect(gzipBytes).toBeLessThan(most)
})

test('a page that uses neither values nor structures has nothing of them', async () => {
  const { modules } = await bundle(programOf('watching.page'))
  expect(modules.filter((path) => /packages\/(?:ddata|crdt|replicator)\//.test(path))).toEqual([])
})

test('no page has what keeps copies of entities, but for how their numbers are told', async () => {
  const { modules } = await bundle(programOf('shop.page'))
  const parts = modules.filter((path) => path.includes('packages/sharding/src/replication/'))
  expect(parts.map((path) => path.replace(/.*\//, '')).toSorted()).toEqual([
    'explain-replication.ts',
    'replication-config.ts',
  ])
})

test('a program that asks for it is found out', async () => {
  const { imports } = await bundle(programOf('node.program'))
  expect(imports).toContain('node:fs')
})
