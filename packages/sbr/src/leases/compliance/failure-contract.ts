import { describe, expect, test } from 'vitest'
import { outcomeWithin, Rivals } from './kit.ts'
import { lacks, type LeaseSubject } from './subject.ts'

export function failureContract(name: string, subject: LeaseSubject): void {
  describe(`${name} neither hangs nor keeps what nobody waits for`, () => {
    isAborted(subject)
    isUnanswered(subject)
  })
}

function isAborted(subject: LeaseSubject): void {
  test('a signal that is aborted already rejects with its reason, and nothing is granted', async () => {
    await using rivals = new Rivals(subject)
    const lease = await rivals.open('a')
    const abort = new AbortController()
    const reason = new Error('changed my mind')
    abort.abort(reason)
    await expect(lease.acquire({ signal: abort.signal })).rejects.toBe(reason)
    expect(lease.checkLease()).toBe(false)
    expect(await (await rivals.open('b')).acquire()).toBe(true)
  })

  test('what was aborted on its way rejects with the reason, and is given back', async () => {
    await using rivals = new Rivals(subject)
    const lease = await rivals.open('a')
    const abort = new AbortController()
    const reason = new Error('changed my mind')
    const asked = lease.acquire({ signal: abort.signal })
    abort.abort(reason)
    await expect(asked).rejects.toBe(reason)
    expect(lease.checkLease()).toBe(false)
    expect(await rivals.getsWithin(subject.ttlMs / 2, await rivals.open('b'))).toBe(true)
    expect(lease.checkLease()).toBe(false)
  })

  test('aborting after the grant changes nothing', async () => {
    await using rivals = new Rivals(subject)
    const lease = await rivals.open('a')
    const abort = new AbortController()
    await lease.acquire({ signal: abort.signal })
    abort.abort(new Error('too late'))
    expect(lease.checkLease()).toBe(true)
    expect(await (await rivals.open('b')).acquire()).toBe(false)
  })

  test('who was aborted can ask again at once', async () => {
    await using rivals = new Rivals(subject)
    const lease = await rivals.open('a')
    const abort = new AbortController()
    const asked = lease.acquire({ signal: abort.signal })
    abort.abort(new Error('changed my mind'))
    await expect(asked).rejects.toThrow('changed my mind')
    expect(await lease.acquire()).toBe(true)
    await subject.pass(subject.ttlMs)
    expect(lease.checkLease()).toBe(true)
  })
}

function isUnanswered(subject: LeaseSubject): void {
  const cutTest = test.skipIf(lacks(subject, 'cut'))

  cutTest('who is cut off is neither granted nor denied it, within its time', async () => {
    await using rivals = new Rivals(subject)
    const lease = await rivals.open('a')
    await rivals.cut('a', 'everything')
    expect(await outcomeWithin(subject, subject.ttlMs, lease.acquire())).toBe('rejected')
    expect(lease.checkLease()).toBe(false)
    await rivals.mend('a')
  })

  cutTest('a grant whose answer was lost is given back', async () => {
    await using rivals = new Rivals(subject)
    const lease = await rivals.open('a')
    await rivals.cut('a', 'answers')
    expect(await outcomeWithin(subject, subject.ttlMs, lease.acquire())).toBe('rejected')
    await rivals.mend('a')
    expect(await rivals.getsWithin(subject.ttlMs / 2, await rivals.open('b'))).toBe(true)
    expect(lease.checkLease()).toBe(false)
  })

  cutTest('a grant whose answer was lost is no hindrance to who asked', async () => {
    await using rivals = new Rivals(subject)
    const lease = await rivals.open('a')
    await rivals.cut('a', 'answers')
    expect(await outcomeWithin(subject, subject.ttlMs, lease.acquire())).toBe('rejected')
    await rivals.mend('a')
    expect(await lease.acquire()).toBe(true)
    await subject.pass(subject.ttlMs)
    expect(lease.checkLease()).toBe(true)
  })

  cutTest(
    'a release that does not come through says so, and is believed in by nobody',
    async () => {
      await using rivals = new Rivals(subject)
      const { lease, losses } = await rivals.holder('a')
      await rivals.cut('a', 'everything')
      const outcome = await outcomeWithin(subject, subject.ttlMs, lease.release())
      expect([outcome, lease.checkLease(), losses]).toEqual([{ value: false }, false, []])
      await rivals.mend('a')
      expect(await rivals.getsWithin(subject.ttlMs, await rivals.open('b'))).toBe(true)
    },
  )
}
