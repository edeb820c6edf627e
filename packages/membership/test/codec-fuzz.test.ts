import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import fc from 'fast-check'
import { seededRandom, type Random } from '@casty/clock'
import { decodeMessage, encodeMessage } from '@casty/membership'
import { messages } from './codec-messages.ts'

const seed = Number(process.env['CASTY_SEED'] ?? 20_260_101)
const inputs = Math.max(1_000_000, Number(process.env['CASTY_RUNS'] ?? 0))
/** Far above what any input takes, and far below a hang: pauses of the machine must not count. */
const hangMs = 1_000

/** A few changes to one message, as faults and attackers make them. */
function mutated(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const upTo = (end: number): number => Math.floor(random() * end)
  switch (upTo(7)) {
    case 0:
      return bytes.slice(0, upTo(bytes.length))
    case 1: // Two messages grown together.
      return joined(bytes.subarray(0, upTo(bytes.length)), other.subarray(upTo(other.length)))
    case 2: // A count or a length beyond everything.
      return withBytes(bytes, upTo(bytes.length), [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])
    case 3:
      return Uint8Array.from({ length: upTo(64) }, () => upTo(256))
    default: {
      const changed = bytes.slice()
      for (let count = 1 + upTo(4); count > 0 && changed.length > 0; count--) {
        const place = upTo(changed.length)
        changed[place] = random() < 0.5 ? upTo(256) : (changed[place] ?? 0) ^ (1 << upTo(8))
      }
      return changed
    }
  }
}

function withBytes(bytes: Uint8Array, at: number, put: readonly number[]): Uint8Array {
  const grown = new Uint8Array(bytes.length + put.length)
  grown.set(bytes)
  grown.set(put, at)
  grown.set(bytes.subarray(at + 1), at + put.length)
  return grown
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length)
  bytes.set(head)
  bytes.set(tail, head.length)
  return bytes
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc()')
}

test(
  `a million broken messages are read or refused as malformed, and nothing else (seed ${seed})`,
  { timeout: 300_000 },
  () => {
    const corpus = fc.sample(messages, { seed, numRuns: 500 }).map(encodeMessage)
    const random = seededRandom(seed)
    const pick = (): Uint8Array => corpus[Math.floor(random() * corpus.length)] ?? new Uint8Array()
    const codes = new Map<unknown, number>()
    let slowestMs = 0
    // Most of the time would go into stack traces that nobody reads.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    collectGarbage()
    const heapBefore = process.memoryUsage().heapUsed
    for (let round = 0; round < inputs; round++) {
      const bytes = mutated(pick(), pick(), random)
      const start = performance.now()
      let outcome: unknown = 'read'
      try {
        // What could be read will be told to others: it must also be possible to write it.
        if (round % 8 === 0) encodeMessage(decodeMessage(bytes))
        else decodeMessage(bytes)
      } catch (error) {
        outcome = error instanceof Error && 'code' in error ? error.code : error
      }
      slowestMs = Math.max(slowestMs, performance.now() - start)
      codes.set(outcome, (codes.get(outcome) ?? 0) + 1)
    }
    Error.stackTraceLimit = stackTraceLimit
    collectGarbage()
    const grownBytes = process.memoryUsage().heapUsed - heapBefore
    expect(new Set(codes.keys())).toEqual(new Set(['read', 'CASTY_TRANSPORT_MALFORMED']))
    expect(codes.get('read')).toBeGreaterThan(inputs / 100)
    expect(slowestMs).toBeLessThan(hangMs)
    expect(grownBytes).toBeLessThan(16_777_216)
  },
)
