import { expect, test } from 'vitest'
import { invocationBy } from '../src/invocation.ts'
import { replayCommand } from '../src/report/failure.ts'

test.each([
  ['npm', 'npm run simulate --'],
  ['pnpm', 'pnpm simulate'],
  ['node', 'node tooling/pnpm.mjs simulate'],
  [undefined, 'npm run simulate --'],
])('who started it by %s is told of commands that begin with %j', (launcher, form) => {
  expect(invocationBy(launcher)).toBe(form)
})

test('commands begin as the one that was typed', () => {
  const form = invocationBy(process.env['CASTY_LAUNCHED'])
  expect(replayCommand('chess', 7, 'late')).toBe(`${form} --scenario chess --seed 7 --bugs late`)
})
