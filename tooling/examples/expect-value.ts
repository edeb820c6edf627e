import assert from 'node:assert/strict'
import { runInNewContext } from 'node:vm'

/**
 * Compares a value with what a doc comment says of it: a JavaScript expression (`'eu'`, `[1, 2]`), or a
 * text that ends in `…`, with which the value's own text must begin.
 */
export function expectValue(actual: unknown, expected: string): void {
  if (expected.endsWith('…')) {
    const beginning = expected.slice(0, -1).replace(/(?<=\d)_(?=\d)/g, '')
    assert.equal(String(actual).slice(0, beginning.length), beginning)
    return
  }
  const value: unknown = runInNewContext(`(${expected})`)
  // An object made in another context has another prototype: compare what both say as data.
  const isData = typeof value === 'object' && value !== null
  if (isData) assert.equal(JSON.stringify(actual), JSON.stringify(value))
  else assert.equal(actual, value)
}
