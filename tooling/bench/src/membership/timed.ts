const sampleMs = 100
const batchMs = 5

/** What the measured calls returned last, kept where the optimizer cannot know it to be unused. */
export let lastResult: unknown

/** Microseconds per call. The clock is read once per batch, so that reading it does not count. */
export function timed(operation: () => unknown): () => number {
  return () => {
    const calls = callsPerBatch(operation)
    const start = performance.now()
    let batches = 0
    let now = start
    while (now < start + sampleMs) {
      for (let call = 0; call < calls; call++) lastResult = operation()
      batches++
      now = performance.now()
    }
    return ((now - start) * 1_000) / (batches * calls)
  }
}

function callsPerBatch(operation: () => unknown): number {
  for (let calls = 1; ; calls *= 2) {
    const start = performance.now()
    for (let call = 0; call < calls; call++) lastResult = operation()
    if (performance.now() - start >= batchMs) return calls
  }
}
