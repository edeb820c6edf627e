import { expect, test } from 'vitest'
import type { Logger } from '../src/options.ts'
import { warnOfStranger } from '../src/stranger-log.ts'
import { node } from './states.ts'

function logger(): Logger & { readonly warnings: unknown[][] } {
  const warnings: unknown[][] = []
  const warn = (...said: unknown[]): void => void warnings.push(said)
  return { warnings, warn, debug() {}, info() {}, error() {} }
}

test('who has not proved who it is, and who is not where it says, are warned of', () => {
  const log = logger()
  const of = { source: 'h', claimed: node('b'), detail: 'so', untold: 2 }
  expect(warnOfStranger({ type: 'authentication-failed', side: 'acceptor', ...of }, log)).toBe(true)
  expect(warnOfStranger({ type: 'dial-back-failed', ...of }, log)).toBe(true)
  const details = { source: 'h', claimed: node('b').key, detail: 'so', untold: 2 }
  expect(log.warnings).toEqual([
    [{ side: 'acceptor', ...details }, expect.stringContaining('who it is')],
    [details, expect.stringContaining('address')],
  ])
})

test('of others nothing is said', () => {
  const log = logger()
  expect(warnOfStranger({ type: 'lane-opened', peer: node('b'), lane: 'data' }, log)).toBe(false)
  expect(log.warnings).toEqual([])
})
