import { expect, test } from 'vitest'
import { readCommandLine, usage } from '../src/command-line.ts'
import { nodeTooOld } from '../src/node-version.ts'

const defaults = {
  nodes: 5,
  port: undefined,
  partition: false,
  interactive: false,
  fast: false,
  json: false,
}

test.each([
  { argv: [], options: {} },
  { argv: ['--nodes', '3'], options: { nodes: 3 } },
  { argv: ['--nodes=20'], options: { nodes: 20 } },
  { argv: ['--port', '7000'], options: { port: 7_000 } },
  { argv: ['--interactive'], options: { interactive: true } },
  { argv: ['--partition'], options: { partition: true } },
  { argv: ['--fast', '--json'], options: { fast: true, json: true } },
])('reads $argv', ({ argv, options }) => {
  expect(readCommandLine(argv, true)).toEqual({ type: 'run', options: { ...defaults, ...options } })
})

test.each([
  { argv: ['--nodes', '2'], message: '--nodes is "2": give an integer from 3 to 20.' },
  { argv: ['--nodes', '21'], message: '--nodes is "21": give an integer from 3 to 20.' },
  { argv: ['--nodes', '3.5'], message: '--nodes is "3.5": give an integer from 3 to 20.' },
  { argv: ['--nodes', ''], message: '--nodes is "": give an integer from 3 to 20.' },
  { argv: ['--port', '0'], message: '--port is "0": give an integer from 1 to 65535.' },
  { argv: ['--port', 'http'], message: '--port is "http": give an integer from 1 to 65535.' },
  { argv: ['--port', '65536'], message: '--port is "65536": give an integer from 1 to 65535.' },
  { argv: ['--bogus'], message: "Unknown option '--bogus'." },
  { argv: ['five'], message: "Unexpected argument 'five'." },
  { argv: ['--interactive', '--json'], message: '--interactive and --json exclude each other.' },
  {
    argv: ['--interactive', '--partition'],
    message: '--interactive and --partition exclude each other.',
  },
])('answers $argv with one sentence', ({ argv, message }) => {
  expect(readCommandLine(argv, true)).toEqual({ type: 'mistake', message })
})

test('takes no keys where nobody sits at a terminal', () => {
  expect(readCommandLine(['--interactive'], false)).toMatchObject({
    type: 'mistake',
    message: '--interactive takes keys, so it needs a terminal for input and output.',
  })
})

test('explains every option', () => {
  expect(readCommandLine(['-h'], true)).toEqual({ type: 'help' })
  const options = [
    '--nodes',
    '--port',
    '--partition',
    '--interactive',
    '--fast',
    '--json',
    '--help',
  ]
  for (const option of options) expect(usage).toContain(option)
})

test.each([
  { version: '23.11.1', sentence: 'The demo needs Node 24.1 or newer, and this is Node 23.11.1' },
  { version: '24.0.9', sentence: 'The demo needs Node 24.1 or newer, and this is Node 24.0.9' },
])('tells Node $version that it is too old', ({ version, sentence }) => {
  expect(nodeTooOld(version, '{ "engines": { "node": ">=24.1" } }')).toContain(sentence)
})

test.each(['24.1.0', '24.10.0', '26.0.0'])('runs on Node %s', (version) => {
  expect(nodeTooOld(version, '{ "engines": { "node": ">=24.1" } }')).toBeUndefined()
})
