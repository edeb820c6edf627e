import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  entryPointExports,
  entryPoints,
  exportsOf,
  isDocumented,
  sourceOf,
} from '../../checks/exports.ts'
import { typeScriptFiles, workspacePackages, workspaceRoot } from '../../checks/workspace.ts'

const surfaces = workspacePackages().flatMap((workspacePackage) =>
  entryPoints(workspacePackage).map((entryPoint) => ({
    surface: join(workspacePackage.name, entryPoint),
    path: sourceOf(workspacePackage, entryPoint),
    exported: entryPointExports(workspacePackage, entryPoint),
  })),
)

const sources = workspacePackages()
  .flatMap(({ folder }) => typeScriptFiles(join(folder, 'src')))
  .map((path) => ({ path, file: relative(workspaceRoot, path) }))

describe.each(surfaces)('the public surface of $surface', ({ path, exported }) => {
  test('is exactly what was agreed on', () => {
    const lines = exported.map(({ name, isType }) => (isType ? `type ${name}` : name))
    expect(lines.join('\n')).toMatchSnapshot()
  })

  test('is what the module exports when it runs', async () => {
    // A module namespace: its keys are all that is asked.
    const module = (await import(path)) as Readonly<Record<string, unknown>>
    const values = exported.filter(({ isType }) => !isType).map(({ name }) => name)
    expect(values.toSorted()).toEqual(Object.keys(module).toSorted())
  })

  test('has a doc comment on every name', () => {
    expect(exported.filter((name) => !isDocumented(name)).map(({ name }) => name)).toEqual([])
  })
})

test.each(sources)('$file names each export', ({ path }) => {
  expect(readFileSync(path, 'utf8')).not.toMatch(/^export (?:\*|default)/m)
})

test('exports are read from lists, renames and declarations', () => {
  const text = [
    "export { b, type A, c as d } from './b.ts'",
    "export type { E } from './e.ts'",
    '// export const commentedOut = 1',
    'export async function f() {}',
    'export abstract class G {}',
  ].join('\n')
  const names = exportsOf('/x/index.ts', text).map(({ name, localName, isType, from }) =>
    [isType ? 'type' : 'value', name, localName, dirname(from), from.slice(3)].join(' '),
  )
  expect(names).toEqual([
    'type A A /x b.ts',
    'type E E /x e.ts',
    'value G G /x index.ts',
    'value b b /x b.ts',
    'value d c /x b.ts',
    'value f f /x index.ts',
  ])
})
