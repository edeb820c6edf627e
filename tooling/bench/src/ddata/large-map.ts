import type { Distributed, DistributedMap } from '@casty/ddata'

const batch = 2_000
const atOnce = 4
const shards = 100

function largeMap(distributed: Distributed): DistributedMap<number, number> {
  return distributed.map<number, number>('large', { shards })
}

/** @returns entries per second */
export async function fillMap(distributed: Distributed, entries: number): Promise<number> {
  const map = largeMap(distributed)
  const beganAt = performance.now()
  let next = 0
  const fill = async (): Promise<void> => {
    while (next < entries) {
      const from = next
      next += batch
      const length = Math.min(batch, entries - from)
      await map.putMany(Array.from({ length }, (_, at) => [from + at, from + at] as const))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, fill))
  return (entries * 1_000) / (performance.now() - beganAt)
}

/** Reads all of it, a page at a time. */
export async function scanMap(
  distributed: Distributed,
): Promise<{ readonly perSecond: number; readonly count: number }> {
  const beganAt = performance.now()
  let count = 0
  for await (const _ of largeMap(distributed).entries({ batch: 1_000 })) count++
  return { count, perSecond: (count * 1_000) / (performance.now() - beganAt) }
}

/** Until each part of it has answered, in milliseconds. */
export async function probeMap(distributed: Distributed): Promise<number> {
  const beganAt = performance.now()
  await largeMap(distributed).size({ timeoutMs: 60_000 })
  return performance.now() - beganAt
}
