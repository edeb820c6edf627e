import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { documentedErrorCodes, sourceErrorCodes } from '../../checks/error-codes.ts'
import { typeScriptFiles, workspacePackages } from '../../checks/workspace.ts'

const packages = workspacePackages().map(({ name, folder }) => ({
  name,
  readme: join(folder, 'README.md'),
  sources: typeScriptFiles(join(folder, 'src')).map((path) => readFileSync(path, 'utf8')),
}))

describe.each(packages)('the README of $name', ({ name, readme, sources }) => {
  const text = existsSync(readme) ? readFileSync(readme, 'utf8') : ''

  test('begins with the name of the package', () => {
    expect(text.split('\n')[0]).toBe(`# ${name}`)
  })

  test('lists exactly the error codes that the package can raise', () => {
    expect(documentedErrorCodes(name, text)).toEqual(sources.flatMap(sourceErrorCodes).toSorted())
  })

  test('has all that its first example imports installed', () => {
    const installed = /^npm install (.*)$/m.exec(text)?.[1]?.split(' ') ?? []
    const [, example = ''] = /^```ts[^\n]*\n([\s\S]*?)^```$/m.exec(text) ?? []
    const imported = [...example.matchAll(/from '(@casty\/[^/']+)/g)].map(([, from]) => from)
    expect(installed).toEqual(expect.arrayContaining(imported))
  })

  test('has an example of at most twenty lines', () => {
    const blocks = [...text.matchAll(/^```ts[^\n]*\n([\s\S]*?)^```$/gm)]
    const lengths = blocks.map(([, code = '']) => code.trimEnd().split('\n').length)
    expect(lengths.some((lines) => lines <= 20)).toBe(true)
  })
})

test('error codes are read from the type that lists them', () => {
  const source = [
    '/** Codes. */',
    "export type ClockErrorCode = 'CASTY_CLOCK_A' | 'CASTY_CLOCK_B'",
    '',
    "const other = 'CASTY_CLOCK_C'",
  ].join('\n')
  expect(sourceErrorCodes(source)).toEqual(['CASTY_CLOCK_A', 'CASTY_CLOCK_B'])
})

test('a README lists the codes of its own package, not those that it only mentions', () => {
  const readme = '| `CASTY_CLOCK_A` | x |\n| `CASTY_TRANSPORT_CLOSED` | y |\n'
  expect(documentedErrorCodes('@casty/clock', readme)).toEqual(['CASTY_CLOCK_A'])
})
