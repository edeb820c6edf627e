// Does shares of a run, one after the other, in a thread of its own.
import { parentPort } from 'node:worker_threads'
import { corpusOf } from './corpus.ts'
import { decoders } from './decoders.ts'
import { fuzz } from './fuzz.ts'
import type { Share } from './shares.ts'

// Most of the time would go into stack traces that nobody reads.
Error.stackTraceLimit = 0

parentPort?.on('message', ({ decoder: name, inputs, seed }: Share) => {
  const decoder = decoders.find((one) => one.name === name)
  if (!decoder) throw new Error(`There is no decoder ${name}.`)
  parentPort?.postMessage(fuzz(decoder, { inputs, seed, corpus: corpusOf(name) }))
})
