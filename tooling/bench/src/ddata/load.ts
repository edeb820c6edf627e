import { setTimeout as pause } from 'node:timers/promises'
import { median } from '../statistics.ts'
import type { Figures, Times } from './messages.ts'

/** One worker does one after the other. Each of them has what is its own, as far as there is such a thing. */
export type Operation = (worker: number) => Promise<unknown>

/** Latencies that are kept: of so many that follow each other, one. */
const sampledOf = 16

/** So many workers, each of which calls again when it is answered. The last ones are waited for. */
export async function underLoad(
  operation: Operation,
  inFlight: number,
  { warmUpMs, measuredMs }: Times,
): Promise<Figures> {
  const latencies: number[] = []
  let done = 0
  let isMeasuring = false
  let isOver = false
  const work = async (worker: number): Promise<void> => {
    while (!isOver) {
      const beganAt = performance.now()
      await operation(worker)
      done++
      if (isMeasuring && done % (inFlight === 1 ? 1 : sampledOf) === 0) {
        latencies.push(performance.now() - beganAt)
      }
    }
  }
  const workers = Array.from({ length: inFlight }, async (_, worker) => await work(worker))
  const all = Promise.all(workers)
  await Promise.race([pause(warmUpMs), all])
  isMeasuring = true
  const [beganAt, before] = [performance.now(), done]
  await Promise.race([pause(measuredMs), all])
  const perSecond = ((done - before) * 1_000) / (performance.now() - beganAt)
  isOver = true
  await all
  return { perSecond, medianMs: median(latencies) }
}
