// What becomes of reads while they are under way, without what sends them.
import { expect, test } from 'vitest'
import type { DDataError } from '../src/errors.ts'
import type { CallTerms, PendingRead } from '../src/session/pending.ts'
import { ReadsUnderWay } from '../src/session/reads-under-way.ts'
import { doneResult } from './outcome.ts'

function begun(reads: ReadsUnderWay, outcomes: string[], terms?: Partial<CallTerms>): PendingRead {
  const read = reads.begin(
    Uint8Array.of(1),
    { what: 'it', timeoutMs: 5_000, ...terms },
    {
      done: () => void outcomes.push(`${read.number} done`),
      refused: ({ code }) => void outcomes.push(`${read.number} ${code}`),
      failed: (error) => {
        const { code, applied } = error as DDataError
        outcomes.push(`${read.number} ${code} ${applied}`)
      },
    },
    false,
    7,
    0,
  )
  return read
}

test('a read ends with its answer, once', () => {
  const [reads, outcomes] = [new ReadsUnderWay(), [] as string[]]
  begun(reads, outcomes)
  reads.answered(1, doneResult)
  reads.answered(1, doneResult)
  expect([outcomes, reads.size]).toEqual([['1 done'], 0])
})

test.each([
  [undefined, '1 CASTY_DDATA_TIMEOUT no'],
  ['nobody is there', '1 CASTY_DDATA_UNAVAILABLE no'],
])('a read has its time, and says why it took too long: %s', (why, outcome) => {
  const [reads, outcomes] = [new ReadsUnderWay(), [] as string[]]
  begun(reads, outcomes)
  reads.endLate(4_999, () => why)
  expect(outcomes).toEqual([])
  reads.endLate(5_000, () => why)
  expect([outcomes, reads.size]).toEqual([[outcome], 0])
})

test('a read that is aborted is not under way any more', () => {
  const [reads, outcomes, controller] = [new ReadsUnderWay(), [] as string[], new AbortController()]
  begun(reads, outcomes, { signal: controller.signal })
  controller.abort()
  expect([outcomes, reads.size]).toEqual([['1 CASTY_DDATA_ABORTED no'], 0])
})

test('reads come after no call once calls are numbered anew, and keep their own numbers', () => {
  const [reads, outcomes] = [new ReadsUnderWay(), [] as string[]]
  const read = begun(reads, outcomes)
  expect(read.after).toBe(7)
  expect(reads.renumbered()).toEqual([{ ...read, after: 0 }])
  expect([...reads.all()]).toEqual([{ ...read, after: 0 }])
})

test('says when to send again, and when a time is over', () => {
  const [reads, outcomes] = [new ReadsUnderWay(), [] as string[]]
  expect([reads.nextResend(500), reads.nextDeadline]).toEqual([Infinity, Infinity])
  begun(reads, outcomes)
  expect([reads.nextResend(500), reads.nextDeadline]).toEqual([500, 5_000])
  expect(reads.takeAll()).toHaveLength(1)
  expect(reads.size).toBe(0)
})
