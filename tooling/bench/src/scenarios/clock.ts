import { VectorClock } from '@casty/clock'
import { interleave } from '../interleave.ts'
import type { Row, Scenario } from '../scenario.ts'

const sizes = [10, 100, 1_000] as const
const sampleMs = 100

/** How the operations of a vector clock grow with the number of nodes in it. */
export const scenario: Scenario = {
  name: 'clock',
  description: 'compare and merge of vector clocks with 10, 100 and 1,000 entries',
  async run({ repetitions, progress }) {
    const rows: Row[] = []
    for (const [what, prepare] of Object.entries(operations)) {
      progress(what)
      const subjects = Object.fromEntries(sizes.map((size) => [size, timed(prepare(size))]))
      const samples = await interleave(repetitions, subjects)
      const smallest = { name: 'ten entries', samples: samples[sizes[0]] ?? [] }
      for (const size of sizes) {
        const entries = size.toLocaleString('en-US')
        const own = samples[size] ?? []
        rows.push({
          what: `${what}, ${entries} entries`,
          unit: 'ns',
          samples: own,
          reference: smallest,
        })
      }
    }
    return { title: 'Vector clocks', rows, notes: ['The ratio is the growth from ten entries on.'] }
  },
}

/** The clocks are equal in content but never the same instance: nothing ends early. */
const operations: Readonly<Record<string, (size: number) => () => unknown>> = {
  'compare, equal': (size) => {
    const [left, right] = [clockOf(size), clockOf(size)]
    return () => left.compare(right)
  },
  'merge, nothing new': (size) => {
    const [left, right] = [clockOf(size).increment('node-0'), clockOf(size)]
    return () => left.merge(right)
  },
  'merge, both changed': (size) => {
    const left = clockOf(size).increment('node-0')
    const right = clockOf(size).increment(`node-${size - 1}`)
    return () => left.merge(right)
  },
  increment: (size) => {
    const clock = clockOf(size)
    return () => clock.increment('node-0')
  },
}

function clockOf(size: number): VectorClock {
  return VectorClock.of(
    Array.from({ length: size }, (_, index) => [`node-${index}`, index + 1] as const),
  )
}

/** What the measured calls returned last, kept where the optimizer cannot know it to be unused. */
export let lastResult: unknown

function timed(operation: () => unknown): () => number {
  nanosecondsPerCall(operation) // Compiles it.
  return () => nanosecondsPerCall(operation)
}

function nanosecondsPerCall(operation: () => unknown): number {
  const startedAt = performance.now()
  let calls = 0
  let now: number
  do {
    for (let call = 0; call < 100; call++) lastResult = operation()
    calls += 100
    now = performance.now()
  } while (now < startedAt + sampleMs)
  return ((now - startedAt) * 1_000_000) / calls
}
