// What a part says of leases whose holders ask whether they are still held.
import { expect, test } from 'vitest'
import {
  acquireCall,
  goneCall,
  leaseCall,
  leaseCalls,
  readGrant,
  readTimers,
} from '../src/kinds/lease/lease-calls.ts'
import { LeaseMachine } from '../src/kinds/lease/lease-machine.ts'
import { MachineWorld, sessionOf } from './machines-world.ts'

const holder = sessionOf(1)

class Subject {
  readonly world = new MachineWorld(() => new LeaseMachine('lock'))

  /** @returns the timer of the lease */
  acquire(name: string): number {
    const wish = { owner: 1, permits: 1, ttlMs: 30_000, offerTimeoutMs: 1_000, mayWait: false }
    const call = acquireCall({ name, shards: 1, permits: 1 }, wish)
    const grant = this.world.call(holder, call, readGrant)
    if (typeof grant !== 'object') throw new Error(`Nobody has ${name}`)
    return grant.timer
  }

  evict(name: string): void {
    const call = leaseCall(leaseCalls.evict, { name, shards: 1, permits: 1 })
    this.world.call(sessionOf(2), call, (from) => from.bool())
  }

  gone(...timers: readonly number[]): unknown {
    return this.world.read(goneCall(timers), readTimers)
  }
}

test('leases that were taken or ran out are gone, and those that are held are not', () => {
  const subject = new Subject()
  const [held, taken, late] = ['held', 'taken', 'late'].map((name) => subject.acquire(name))
  if (held === undefined || taken === undefined || late === undefined) throw new Error('Three are')
  subject.evict('taken')
  subject.world.timeOut(late)
  expect(subject.gone(held, taken, late, 1_000)).toEqual([taken, late, 1_000])
  expect(subject.gone()).toEqual([])
})

test('who takes over says the same, of a snapshot or of the log', () => {
  const subject = new Subject()
  const [held, taken] = [subject.acquire('held'), subject.acquire('taken')]
  subject.evict('taken')
  for (const copy of subject.world.copies(100)) {
    subject.world.takeOver(copy)
    expect(subject.gone(held, taken)).toEqual([taken])
  }
})

test('to ask prolongs nothing', () => {
  const subject = new Subject()
  const held = subject.acquire('held')
  const before = subject.world.saved
  subject.gone(held)
  expect(subject.world.saved).toBe(before)
})
