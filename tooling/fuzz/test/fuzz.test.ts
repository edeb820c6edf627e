import { describe, expect, test } from 'vitest'
import { corpusOf } from '../src/corpus.ts'
import { decoders } from '../src/decoders.ts'
import { fuzz } from '../src/fuzz.ts'
import { wrongWith } from '../src/inspect.ts'

const inputs = Number(process.env['CASTY_FUZZ_RUNS'] ?? 3_000)

describe('A decoder of what peers send', () => {
  test.each(decoders)(`$name bears ${inputs} damaged inputs (seed 1)`, (decoder) => {
    const { findings, read, refused } = fuzz(decoder, {
      inputs,
      seed: 1,
      corpus: corpusOf(decoder.name),
    })
    expect(findings).toEqual([])
    // The damage is neither all harmless nor all fatal.
    expect(read).toBeGreaterThan(inputs / 100)
    if (decoder.refusals.length > 0) expect(refused).toBeGreaterThan(inputs / 100)
  })

  test.each(decoders)('$name reads all that others write', (decoder) => {
    expect(decoder.seeds.length).toBeGreaterThan(0)
    for (const seed of decoder.seeds) expect(() => decoder.decode(seed)).not.toThrow()
  })
})

describe('The search', () => {
  const decoder = { name: 'x', seeds: [Uint8Array.of(1, 2, 3)], refusals: ['NO'] }

  test('is the same for the same seed', () => {
    const seen = [1, 1, 2].map((seed) => {
      const inputs = new Set<string>() // Slow ones are tried again.
      fuzz({ ...decoder, decode: (bytes) => inputs.add(bytes.join()) }, { inputs: 100, seed })
      return [...inputs].join(' ')
    })
    expect(seen[0]).toBe(seen[1])
    expect(seen[0]).not.toBe(seen[2])
  })

  test.each([
    ['throws what it should not', () => JSON.parse('{')],
    ['makes much of little', () => Array.from({ length: 5_000 }, (_, at) => at)],
    ['changes what it reads', (bytes: Uint8Array) => bytes.fill(9)],
    ['returns a property named __proto__', () => JSON.parse('{"a":{"__proto__":1}}') as unknown],
  ])('finds a decoder that %s', (_what, decode) => {
    const { findings } = fuzz({ ...decoder, decode }, { inputs: 50, seed: 1 })
    expect(findings.length).toBeGreaterThan(0)
  })

  test('finds a decoder that changes the prototype of all objects', () => {
    const prototype = Object.prototype as { spoilt?: boolean }
    const decode = (): void => void (prototype.spoilt = true)
    const { findings } = fuzz({ ...decoder, decode }, { inputs: 1, seed: 1 })
    delete prototype.spoilt
    expect(findings[0]?.what).toBe('it changes the prototype of all objects')
  })

  test('counts what is there twice by reference once', () => {
    const text = 'x'.repeat(600)
    const shared = { text }
    expect(wrongWith([shared, shared, shared], 1_000)).toBeUndefined()
    expect(wrongWith([text, `${text}y`], 1_000)).toContain('1000')
  })
})
