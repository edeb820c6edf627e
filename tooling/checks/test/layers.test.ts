import { expect, test } from 'vitest'
import { importedPackages, layers, layerViolations, type LayeredPackage } from '../../layers.ts'

type Dependencies = Omit<LayeredPackage['manifest'], 'name'>

function violations(
  name: string,
  dependencies: Dependencies,
  imports: readonly string[] = [],
): readonly string[] {
  const found = imports.map((imported) => ({ file: 'src/index.ts', name: imported }))
  return layerViolations([{ manifest: { name, ...dependencies }, imports: found }])
}

function on(...names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, 'workspace:^']))
}

test('every package of the table is built on packages of lower layers only', () => {
  for (const [index, layer] of layers.entries()) {
    const below = layers.slice(0, index).flatMap((lower) => Object.keys(lower))
    for (const names of Object.values(layer))
      expect(below).toEqual(expect.arrayContaining([...names]))
  }
})

test('a package may depend on what it is built on, and on what that stands on', () => {
  const dependencies = on('@casty/remote', '@casty/persistence', '@casty/transport', '@casty/clock')
  expect(violations('@casty/sharding', { dependencies })).toEqual([])
})

test('membership may depend on clock, failure-detector and transport', () => {
  const dependencies = on('@casty/clock', '@casty/failure-detector', '@casty/transport')
  expect(violations('@casty/membership', { dependencies })).toEqual([])
})

test.each(['@casty/transport-tcp', '@casty/actor', '@casty/sbr'])(
  'membership may not depend on %s',
  (name) => {
    expect(violations('@casty/membership', { dependencies: on(name) })).toEqual([
      `@casty/membership depends on ${name}. ` +
        'It may use: @casty/clock, @casty/options, @casty/failure-detector, @casty/transport.',
    ])
  },
)

test.each(['dependencies', 'peerDependencies', 'optionalDependencies'])(
  'a package of a higher layer is refused in %s',
  (field) => {
    expect(violations('@casty/clock', { [field]: on('@casty/membership') })).toEqual([
      '@casty/clock depends on @casty/membership. It may use: nothing.',
    ])
  },
)

test('a devDependency may name any lower layer, but none above or beside', () => {
  const lower = on('@casty/transport-tcp')
  expect(violations('@casty/membership', { devDependencies: lower })).toEqual([])
  const upwards = on('@casty/sbr')
  expect(violations('@casty/membership', { devDependencies: upwards })).toEqual([
    '@casty/membership has the devDependency @casty/sbr, which is not below it. ' +
      'Move the test that needs it to the higher package.',
  ])
})

test('an import of a package that is no declared dependency is refused', () => {
  const devDependencies = on('@casty/clock')
  expect(violations('@casty/transport-tcp', { devDependencies }, ['@casty/clock'])).toEqual([
    'src/index.ts imports @casty/clock, which @casty/transport-tcp does not declare as dependency.',
  ])
})

test('a package in no layer is refused', () => {
  expect(violations('@casty/teleport', {})).toEqual([
    '@casty/teleport is in no layer. Give it a place in tooling/layers.ts.',
  ])
})

test('a dependency from outside the toolkit is no matter of layers', () => {
  expect(violations('@casty/remote', { dependencies: { msgpackr: '2.1.3' } })).toEqual([])
})

test('imports are found in every form: types, re-exports, subpaths, dynamic, bare', () => {
  const source = `
    import type { Clock } from '@casty/clock'
    import {
      NodeAddress,
    } from "@casty/transport"
    export { transportCompliance } from '@casty/transport-tcp/compliance'
    const membership = await import('@casty/membership')
    import '@casty/sbr'
    import { readFileSync } from 'node:fs'
  `
  expect(importedPackages(source)).toEqual([
    '@casty/clock',
    '@casty/transport',
    '@casty/transport-tcp',
    '@casty/membership',
    '@casty/sbr',
  ])
})
