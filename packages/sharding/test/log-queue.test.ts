// What waits to be written to a journal, and who waits for it.
import { expect, test } from 'vitest'
import { LogQueue } from '../src/replication/log-queue.ts'

const limits = { maxBatchEvents: 3, maxBatchBytes: 100 }

class Queue extends LogQueue {
  readonly told: string[] = []

  put(name: string, sizeBytes: number): void {
    const record = { manifest: name, version: 0, timestamp: 0, bytes: new Uint8Array(sizeBytes) }
    this.add(record, () => this.told.push(name))
  }

  watch(name: string): void {
    this.wait(
      () => this.told.push(name),
      () => this.told.push(`no ${name}`),
    )
  }

  names(): readonly string[] {
    return this.take(limits).map(({ record }) => record?.manifest ?? 'nothing')
  }

  /** Whether the journal has what is taken. */
  store(): boolean {
    const taken = this.take(limits)
    if (!this.remove(taken)) return false
    for (const { stored } of taken) stored?.()
    return true
  }
}

test('what is taken is the first of it, as much as one append may hold', () => {
  const queue = new Queue()
  for (const name of ['a', 'b', 'c', 'd']) queue.put(name, 10)
  expect(queue.names()).toEqual(['a', 'b', 'c'])
  queue.store()
  queue.put('e', 95)
  expect(queue.names()).toEqual(['d'])
})

test('a record that is larger than an append may be is taken alone', () => {
  const queue = new Queue()
  queue.put('large', 500)
  queue.put('small', 1)
  expect(queue.names()).toEqual(['large'])
})

test('who waits is told once all before it is stored, in order', () => {
  const queue = new Queue()
  for (const name of ['a', 'b', 'c']) queue.put(name, 40)
  queue.watch('all')
  expect(queue.bytes).toBe(120)
  expect(queue.store()).toBe(true)
  expect(queue.told).toEqual(['a', 'b'])
  expect(queue.store()).toBe(true)
  expect(queue.told).toEqual(['a', 'b', 'c', 'all'])
  expect([queue.isEmpty, queue.bytes]).toEqual([true, 0])
})

test('while nothing can be written records wait on, and who waits for them is told so', () => {
  const queue = new Queue()
  queue.put('a', 1)
  queue.watch('all')
  queue.failed()
  expect(queue.told).toEqual(['no all'])
  expect(queue.names()).toEqual(['a'])
})

test('what was given up while it was written is told to nobody', () => {
  const queue = new Queue()
  queue.put('a', 10)
  const taken = queue.take(limits)
  queue.watch('all')
  queue.giveUp()
  queue.put('b', 10)
  expect(queue.remove(taken)).toBe(false)
  expect(queue.told).toEqual(['no all'])
  expect([queue.bytes, ...queue.names()]).toEqual([10, 'b'])
})
