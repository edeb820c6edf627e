import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Done } from '../src/done.ts'
import { fuzz } from '../src/fuzz.ts'
import { inputsPerShare, isOf, joined, sharesOf } from '../src/shares.ts'

const decoder = {
  name: 'x',
  seeds: [Uint8Array.of(1, 2, 3)],
  refusals: ['NO'],
  decode: (bytes: Uint8Array) => bytes.length,
}

test('a long run is as many inputs as it is asked for, in shares with seeds of their own', () => {
  const shares = sharesOf(['x', 'y'], 2 * inputsPerShare + 7, 3)
  expect(shares.map(({ decoder: name, inputs }) => `${name} ${inputs}`)).toEqual([
    'x 100000',
    'y 100000',
    'x 100000',
    'y 100000',
    'x 7',
    'y 7',
  ])
  expect(new Set(shares.map(({ seed }) => seed)).size).toBe(3)
  expect(shares[0]?.seed).toBe(3)
  expect(sharesOf(['x', 'y'], 2 * inputsPerShare + 7, 3)).toEqual(shares)
})

test('shares come to one run', () => {
  const reports = [1, 2].map((seed) => fuzz(decoder, { inputs: 50, seed }))
  expect(joined(reports)).toMatchObject({
    decoder: 'x',
    seed: 1,
    inputs: 100,
    read: 100,
    refused: 0,
  })
  expect(joined([])).toBeUndefined()
})

test('what was done is not done again, but for a line that was cut off', () => {
  const folder = mkdtempSync(join(tmpdir(), 'casty-fuzz-'))
  try {
    const file = join(folder, 'done.txt')
    const shares = sharesOf(['x'], 3 * inputsPerShare, 1)
    const [one, two] = [1, 2].map((seed) => fuzz(decoder, { inputs: 10, seed }))
    if (!one || !two) throw new Error('There are two')
    const first = new Done(file)
    first.add({ ...one, inputs: inputsPerShare })
    first.add({ ...two, inputs: inputsPerShare, seed: 1_000_004 })
    expect(new Done(file).reports).toEqual(first.reports)
    truncateSync(file, readFileSync(file).length - 9)
    const again = new Done(file)
    const left = shares.filter((share) => !again.reports.some((report) => isOf(share, report)))
    expect(left.map(({ seed }) => seed)).toEqual([1_000_004, 2_000_007])
    again.add({ ...two, inputs: inputsPerShare, seed: 1_000_004 })
    expect(new Done(file).reports).toHaveLength(2)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
