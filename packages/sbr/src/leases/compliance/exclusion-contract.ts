import { describe, expect, test } from 'vitest'
import { Rivals } from './kit.ts'
import type { LeaseSubject } from './subject.ts'

export function exclusionContract(name: string, subject: LeaseSubject): void {
  describe(`${name} has one holder at a time`, () => {
    oneIsGranted(subject)
    handsOver(subject)
  })
}

function oneIsGranted(subject: LeaseSubject): void {
  test('a free lease is granted, with a fence', async () => {
    await using rivals = new Rivals(subject)
    const lease = await rivals.open('a')
    expect([lease.checkLease(), lease.fence]).toEqual([false, undefined])
    expect(await lease.acquire()).toBe(true)
    expect(lease.checkLease()).toBe(true)
    expect(lease.fence).toBeTypeOf('bigint')
  })

  test('nobody else is granted what is held', async () => {
    await using rivals = new Rivals(subject)
    const { lease: held } = await rivals.holder('a')
    const other = await rivals.open('b')
    expect(await other.acquire()).toBe(false)
    expect([other.checkLease(), other.fence]).toEqual([false, undefined])
    expect(held.checkLease()).toBe(true)
  })

  test('of ten that ask at once one is granted it', async () => {
    await using rivals = new Rivals(subject)
    const leases = await Promise.all(Array.from('abcdefghij', (owner) => rivals.open(owner)))
    const answers = await Promise.all(leases.map((lease) => lease.acquire()))
    expect(answers.filter((isGranted) => isGranted)).toHaveLength(1)
    expect(leases.map((lease) => lease.checkLease())).toEqual(answers)
  })

  test('asked again while it is held it is still held, with the same fence', async () => {
    await using rivals = new Rivals(subject)
    const { lease } = await rivals.holder('a')
    const { fence } = lease
    expect(await Promise.all([lease.acquire(), lease.acquire()])).toEqual([true, true])
    expect(lease.fence).toBe(fence)
  })

  test('leases of other names go their own ways', async () => {
    await using some = new Rivals(subject)
    await using others = new Rivals(subject)
    await some.holder('a')
    await others.holder('b')
    expect(await (await some.open('b')).acquire()).toBe(false)
  })

  test('a holder that lives keeps it far beyond its time', async () => {
    await using rivals = new Rivals(subject)
    const { lease, losses } = await rivals.holder('a')
    const other = await rivals.open('b')
    const { fence } = lease
    expect(await rivals.getsWithin(2 * subject.ttlMs, other)).toBe(false)
    expect([lease.checkLease(), lease.fence, losses]).toEqual([true, fence, []])
  })
}

function handsOver(subject: LeaseSubject): void {
  test('what was released can be had at once', async () => {
    await using rivals = new Rivals(subject)
    const { lease, losses } = await rivals.holder('a')
    expect(await lease.release()).toBe(true)
    expect(await (await rivals.open('b')).acquire()).toBe(true)
    expect([lease.checkLease(), lease.fence, losses]).toEqual([false, undefined, []])
  })

  test('from the call of release on it is not believed in', async () => {
    await using rivals = new Rivals(subject)
    const { lease } = await rivals.holder('a')
    const released = lease.release()
    expect([lease.checkLease(), lease.fence]).toEqual([false, undefined])
    await released
  })

  test('who releases what another holds takes it from nobody', async () => {
    await using rivals = new Rivals(subject)
    const { lease } = await rivals.holder('a')
    const other = await rivals.open('b')
    await other.acquire()
    expect(await other.release()).toBe(true)
    expect(await (await rivals.open('c')).acquire()).toBe(false)
    expect(lease.checkLease()).toBe(true)
  })

  test('a release that follows an acquisition at once undoes it', async () => {
    await using rivals = new Rivals(subject)
    const lease = await rivals.open('a')
    await Promise.all([lease.acquire(), lease.release()])
    expect(lease.checkLease()).toBe(false)
    expect(await (await rivals.open('b')).acquire()).toBe(true)
  })

  test('the fence grows with every hand-over', async () => {
    await using rivals = new Rivals(subject)
    const leases = await Promise.all(Array.from('abc', (owner) => rivals.open(owner)))
    const fences: (bigint | undefined)[] = []
    for (const lease of [...leases, ...leases, ...leases]) {
      await lease.acquire()
      fences.push(lease.fence)
      await lease.release()
    }
    const ascending = [...new Set(fences)].toSorted((left, right) =>
      (left ?? 0n) < (right ?? 0n) ? -1 : 1,
    )
    expect(fences).toEqual(ascending)
    expect(fences).not.toContain(undefined)
  })
}
