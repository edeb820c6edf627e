// Calls with a key that wait for their turn: they have one effect as well, whoever calls, gives up or goes on.
import { ByteWriter } from '@casty/transport'
import { beforeEach, expect, test } from 'vitest'
import { queueCall, writeTerms } from '../src/kinds/queue/queue-calls.ts'
import { QueueMachine } from '../src/kinds/queue/queue-machine.ts'
import { withdrawCode } from '../src/state/part-state.ts'
import { readLetters } from '../src/values/letters.ts'
import { MachineWorld, savedOf, sessionOf, type Came } from './machines-world.ts'

const config = { shards: 1, maxDeliveries: 0, maxSize: 1, waitsWhenFull: 1, dedupWindowMs: 1_000 }

let world: MachineWorld
beforeEach(() => {
  world = new MachineWorld(() => new QueueMachine())
  enqueue(1, 'first', 'another key')
})

function begin(who: number, key: string | undefined, call: Uint8Array): number {
  const session = sessionOf(who)
  const number = (world.state.sessions.find(session)?.begun ?? 0) + 1
  world.perform({ type: 'call', session, number, floor: 0, received: [], key, call })
  const { saved } = world
  call.fill(0) // It is part of what was received, which nobody keeps.
  expect(world.saved).toBe(saved)
  for (const copy of world.copies(30)) expect(savedOf(copy)).toBe(saved)
  return number
}

function enqueue(who: number, item: string, key = 'key'): number {
  // Each says when that was, by a clock of its own.
  const terms = { delayMs: 0, ttlMs: 0, priority: 0, dedupId: '', enqueuedAt: who }
  const value = new TextEncoder().encode(item)
  const call = writeTerms(queueCall('enqueue', config), terms).bytes(value, value.length).finish()
  return begin(who, key, call)
}

const dequeue = (): Came<string> => {
  const session = sessionOf(9)
  const number = begin(9, undefined, queueCall('dequeue', config).varint(1).finish())
  return world.answerOf(session, number, (from) => (from.varint() === 1 ? readLetters(from) : ''))
}

const giveUp = (who: number, number: number): void => {
  begin(who, undefined, new ByteWriter(9).u8(withdrawCode).varint(number).finish())
}

const cameTo = (who: number, number: number): Came<readonly [boolean, number]> =>
  world.answerOf(sessionOf(who), number, (from) => [from.bool(), from.varint()])

test('they wait along with the first, get its answer, and it is remembered', () => {
  const [second, third] = [enqueue(2, 'x'), enqueue(3, 'x')]
  expect([cameTo(2, second), cameTo(3, third)]).toEqual(['parked', 'parked'])
  world.takeOver(world.copies(30)[0])
  expect(dequeue()).toBe('first')
  expect(cameTo(2, second)).toEqual([false, expect.any(Number)])
  expect(cameTo(3, third)).toEqual(cameTo(2, second))
  expect(cameTo(4, enqueue(4, 'x'))).toEqual(cameTo(2, second))
  expect([dequeue(), dequeue()]).toEqual(['x', ''])
})

test('when the first gives up, the next one is carried out', () => {
  const [second, third] = [enqueue(2, 'x'), enqueue(3, 'x')]
  giveUp(2, second)
  expect(cameTo(2, second)).toBe('CASTY_DDATA_ABORTED')
  world.takeOver(world.copies(30)[0])
  expect(cameTo(3, third)).toBe('parked')
  expect([dequeue(), dequeue(), dequeue()]).toEqual(['first', 'x', ''])
  expect(cameTo(3, third)).toEqual([false, expect.any(Number)])
})

test('when one that waits along gives up, the first one does not notice', () => {
  const [second, third] = [enqueue(2, 'x'), enqueue(3, 'x')]
  giveUp(3, third)
  expect([dequeue(), dequeue(), dequeue()]).toEqual(['first', 'x', ''])
  expect(cameTo(2, second)).toEqual([false, expect.any(Number)])
  expect(cameTo(3, third)).toBe('CASTY_DDATA_ABORTED')
})

test('when all have given up, nothing is left of them', () => {
  const calls = [2, 3].map((who) => [who, enqueue(who, 'x')] as const)
  for (const [who] of calls) world.perform({ type: 'session-over', session: sessionOf(who) })
  expect([dequeue(), dequeue()]).toEqual(['first', ''])
  expect(cameTo(4, enqueue(4, 'y'))).toEqual([false, expect.any(Number)])
})

test('a refusal comes to all of them, and the key may be used again', () => {
  const calls = [2, 3].map((who) => [who, enqueue(who, 'x')] as const)
  begin(5, undefined, queueCall('destroy', config).finish())
  for (const [who, number] of calls) expect(cameTo(who, number)).toBe('CASTY_DDATA_DESTROYED')
  expect(cameTo(4, enqueue(4, 'y'))).toEqual([false, expect.any(Number)])
  expect([dequeue(), dequeue()]).toEqual(['y', ''])
})

test('a key that waits with one item is refused with another one', () => {
  enqueue(2, 'x')
  expect(cameTo(3, enqueue(3, 'y'))).toBe('CASTY_DDATA_ARGUMENT')
})
