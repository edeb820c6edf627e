// Has several threads do the shares of a run.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { mostFindings, type FuzzReport } from './fuzz.ts'
import type { Share } from './shares.ts'

export interface WorkersOptions {
  readonly workers: number
  readonly done: (report: FuzzReport) => void
}

/** Resolves once all shares are done: of a decoder that fails too often no more are begun. */
export async function doShares(
  shares: readonly Share[],
  { workers, done }: WorkersOptions,
): Promise<void> {
  const waiting = [...shares]
  const found = new Map<string, number>()
  const next = (): Share | undefined => {
    const share = waiting.shift()
    const isEnough = share !== undefined && (found.get(share.decoder) ?? 0) >= mostFindings
    return isEnough ? next() : share
  }
  const one = async (): Promise<void> => {
    const worker = new Worker(new URL('worker.ts', import.meta.url))
    try {
      for (let share = next(); share !== undefined; share = next()) {
        const answered = once(worker, 'message')
        worker.postMessage(share)
        const [report] = (await answered) as [FuzzReport] // The worker says nothing else.
        found.set(report.decoder, (found.get(report.decoder) ?? 0) + report.findings.length)
        done(report)
      }
    } finally {
      await worker.terminate()
    }
  }
  const count = Math.min(workers, shares.length)
  await Promise.all(Array.from({ length: count }, () => one()))
}
