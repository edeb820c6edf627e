import { describe, expect, test } from 'vitest'
import { Rivals } from './kit.ts'
import { lacks, type LeaseSubject } from './subject.ts'

export function lossContract(name: string, subject: LeaseSubject): void {
  describe(`${name} is believed in only while it is held`, () => {
    runsOut(subject)
    isTakenAway(subject)
    isCutOff(subject)
  })
}

function runsOut(subject: LeaseSubject): void {
  test('a holder that renews no more keeps others out for its time, and no longer', async () => {
    await using rivals = new Rivals(subject)
    const { lease } = await rivals.holder('a')
    const other = await rivals.open('b')
    const before = lease.fence ?? 0n
    await lease[Symbol.asyncDispose]()
    expect(await other.acquire()).toBe(false)
    await subject.pass(subject.ttlMs)
    expect(await other.acquire()).toBe(true)
    expect(other.fence).toBeGreaterThan(before)
  })

  test('disposal is told as a loss, once, and can be repeated', async () => {
    await using rivals = new Rivals(subject)
    const { lease, losses } = await rivals.holder('a')
    await Promise.all([lease[Symbol.asyncDispose](), lease[Symbol.asyncDispose]()])
    await lease[Symbol.asyncDispose]()
    expect([lease.checkLease(), lease.fence, losses.length]).toEqual([false, undefined, 1])
  })

  test('after disposal it can be neither acquired nor released', async () => {
    await using rivals = new Rivals(subject)
    const lease = await rivals.open('a')
    await lease[Symbol.asyncDispose]()
    await expect(lease.acquire()).rejects.toThrow()
    await expect(lease.release()).rejects.toThrow()
    expect(await (await rivals.open('b')).acquire()).toBe(true)
  })
}

function isTakenAway(subject: LeaseSubject): void {
  test.skipIf(lacks(subject, 'take'))('a holder hears that it was taken away, once', async () => {
    await using rivals = new Rivals(subject)
    const { lease, losses } = await rivals.holder('a')
    await subject.take?.(rivals.name)
    await subject.pass(subject.ttlMs)
    expect([lease.checkLease(), lease.fence, losses.length]).toEqual([false, undefined, 1])
    await subject.pass(subject.ttlMs)
    expect(losses).toHaveLength(1)
  })

  test.skipIf(lacks(subject, 'take'))('what was lost can be acquired again', async () => {
    await using rivals = new Rivals(subject)
    const { lease } = await rivals.holder('a')
    const before = lease.fence ?? 0n
    await subject.take?.(rivals.name)
    await subject.pass(subject.ttlMs)
    expect(await lease.acquire()).toBe(true)
    expect(lease.fence).toBeGreaterThan(before)
  })

  test.skipIf(lacks(subject, 'take'))('a listener that throws disturbs nothing', async () => {
    await using rivals = new Rivals(subject)
    const lease = await rivals.open('a')
    await lease.acquire({
      onLost: () => {
        throw new Error('thrown by a listener')
      },
    })
    await subject.take?.(rivals.name)
    await subject.pass(subject.ttlMs)
    expect(await lease.acquire()).toBe(true)
  })

  test.skipIf(lacks(subject, 'take'))('the listener given last is the one that hears', async () => {
    await using rivals = new Rivals(subject)
    const { lease, losses } = await rivals.holder('a')
    const later: Error[] = []
    await lease.acquire({ onLost: (reason) => later.push(reason) })
    await subject.take?.(rivals.name)
    await subject.pass(subject.ttlMs)
    expect([losses.length, later.length]).toEqual([0, 1])
  })
}

function isCutOff(subject: LeaseSubject): void {
  test.skipIf(lacks(subject, 'cut'))(
    'a holder that is cut off has stopped believing when another gets it',
    async () => {
      await using rivals = new Rivals(subject)
      const { lease, losses } = await rivals.holder('a')
      const other = await rivals.open('b')
      await rivals.cut('a', 'everything')
      expect(await rivals.getsWithin(2 * subject.ttlMs, other)).toBe(true)
      expect([lease.checkLease(), lease.fence, losses.length]).toEqual([false, undefined, 1])
      await rivals.mend('a')
      await subject.pass(subject.ttlMs)
      expect([lease.checkLease(), other.checkLease()]).toEqual([false, true])
    },
  )

  test.skipIf(lacks(subject, 'cut'))('a short cut costs nobody the lease', async () => {
    await using rivals = new Rivals(subject)
    const { lease, losses } = await rivals.holder('a')
    const { fence } = lease
    await rivals.cut('a', 'everything')
    await subject.pass(subject.ttlMs / 10)
    await rivals.mend('a')
    await subject.pass(2 * subject.ttlMs)
    expect([lease.checkLease(), lease.fence, losses]).toEqual([true, fence, []])
  })
}
