// SEC-12: no code crosses the wire. What arrives is data: names in it find what was registered, and nothing is run or loaded by them.
import { globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { jsonSerializer, msgpackSerializer } from '../src/index.ts'
import { paperRefs, received, sent } from './serializers/sample-messages.ts'

class Payload {
  readonly command: string

  constructor(command: string) {
    this.command = command
  }
}

/** What would be found by them, were they looked up among globals, prototypes or modules. */
const namesOfCode = [
  'Function',
  'eval',
  'globalThis',
  'process',
  'constructor',
  '__proto__',
  'toString',
  'hasOwnProperty',
  'node:child_process',
  './hostile.js',
  'data:text/javascript,globalThis.wasRun=true',
]

describe.each([msgpackSerializer, jsonSerializer])('$name', (create) => {
  test.each(namesOfCode)('finds nothing by the name of %s', (name) => {
    const bytes = create().register(name, Payload).serialize(new Payload('id'), paperRefs)
    expect(() => received(bytes, create().register('Payload', Payload))).toThrow(
      expect.objectContaining({
        code: 'CASTY_REMOTE_MALFORMED',
        message: expect.stringContaining('not registered'),
      }),
    )
    expect(globalThis).not.toHaveProperty('wasRun')
  })

  test.each([
    ['functions', () => 1],
    ['methods', { toJSON: () => 1 }],
    ['classes', Payload],
    ['promises', Promise.resolve(1)],
  ])('sends no %s', (_what, code) => {
    expect(() => create().serialize({ code }, paperRefs)).toThrow(
      expect.objectContaining({ code: 'CASTY_REMOTE_NOT_SERIALIZABLE' }),
    )
  })

  test('leaves text that reads like code as text, and what has the keys of a promise as data', () => {
    const message = JSON.parse('{"then":"() => 1","toJSON":"eval(1)","text":"${process.pid}"}')
    expect(sent(message, create())).toStrictEqual(message)
  })

  test('makes an instance without a call of its constructor', () => {
    let calls = 0
    class Counted {
      readonly at: number

      constructor() {
        this.at = ++calls
      }
    }
    const serializer = create().register('Counted', Counted)
    expect(sent(new Counted(), serializer)).toBeInstanceOf(Counted)
    expect(calls).toBe(1)
  })
})

test('no package loads a module whose name is not written down in it', () => {
  const sources = globSync('../../*/src/**/*.ts', { cwd: import.meta.dirname })
  expect(sources.length).toBeGreaterThan(500)
  const loads = /\b(?:import|require|createRequire|eval|Function|runIn\w*Context)\((?!\s*['")])/
  const found = sources.flatMap((source) =>
    readFileSync(new URL(source, import.meta.url), 'utf8')
      .split('\n')
      .filter((line) => !/^\s*(?:\*|\/[/*])/.test(line) && loads.test(line))
      .map((line) => `${source}: ${line.trim()}`),
  )
  expect(found).toEqual([])
})
