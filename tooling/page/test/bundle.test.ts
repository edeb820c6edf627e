import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { bundle } from '../src/bundle.ts'

test('what a page is given asks for nothing that only Node has', async () => {
  const program = fileURLToPath(new URL('../src/shop.page.ts', import.meta.url))
  const { code, imports, warnings, minifiedBytes, gzipBytes } = await bundle(program)
  expect({ imports, warnings }).toEqual({ imports: [], warnings: [] })
  expect(code).not.toMatch(/["'`]node:|\brequire\(/)
  const kilobytes = (bytes: number): number => Math.round(bytes / 1_000)
  console.log(
    `The client for pages: ${kilobytes(minifiedBytes)} KB minified, ${kilobytes(gzipBytes)} KB with gzip`,
  )
  expect(gzipBytes).toBeLessThan(200_000)
})

test('a program that asks for it is found out', async () => {
  const program = fileURLToPath(new URL('../src/node.program.ts', import.meta.url))
  const { imports } = await bundle(program)
  expect(imports).toContain('node:fs')
})
