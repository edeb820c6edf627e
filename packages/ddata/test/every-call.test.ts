// Each call that there is on a handle, once, as somebody makes it who is alone: none is without a test.
import {
  Barrier,
  Counter,
  Delivery,
  DistributedMap,
  DistributedSet,
  Lease,
  Lock,
  Queue,
  Semaphore,
  type Distributed,
} from '@casty/ddata'
import { expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'

/** A call by its name, and what it answers with. */
type Step = readonly [call: string, answer: () => unknown, expected: unknown]

interface Subject {
  readonly kind: string
  /** All that a handle has. */
  readonly parts: readonly object[]
  readonly steps: (distributed: Distributed) => readonly Step[]
}

async function first<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item
  return undefined
}

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

const subjects: readonly Subject[] = [
  {
    kind: 'counter',
    parts: [Counter.prototype],
    steps(distributed) {
      const counter = distributed.counter('n')
      return [
        ['get', () => counter.get(), 0],
        ['increment', () => counter.increment(), 1],
        ['decrement', () => counter.decrement(3), -2],
        ['addAndGet', () => counter.addAndGet(12), 10],
        ['getAndAdd', () => counter.getAndAdd(5), 10],
        ['set', () => counter.set(7), undefined],
        ['getAndSet', () => counter.getAndSet(8), 7],
        ['compareAndSet', () => counter.compareAndSet(7, 9), false],
        ['compareAndSet', () => counter.compareAndSet(8, 9), true],
        ['watch', () => first(counter.watch()), 9],
        ['destroy', () => counter.destroy(), true],
        ['destroy', () => counter.destroy(), false],
        ['get', () => counter.get(), 0],
      ]
    },
  },
  {
    kind: 'map',
    parts: [DistributedMap.prototype],
    steps(distributed) {
      const map = distributed.map<string, number>('m', { shards: 1 })
      return [
        ['put', () => map.put('a', 1), undefined],
        ['put', () => map.put('a', 2), 1],
        ['set', () => map.set('b', 1), undefined],
        ['get', () => map.get('a'), 2],
        ['getEntry', () => map.getEntry('a'), { key: 'a', value: 2, version: 2, expiresInMs: undefined }], // prettier-ignore
        ['contains', () => map.contains('c'), false],
        ['putIfAbsent', () => map.putIfAbsent('a', 9), 2],
        ['putIfAbsent', () => map.putIfAbsent('c', 3), undefined],
        ['replace', () => map.replace('a', 1, 5), false],
        ['replace', () => map.replace('a', 2, 5), true],
        ['replaceIfVersion', () => map.replaceIfVersion('b', 7, 999), false],
        ['replaceIfVersion', () => map.replaceIfVersion('b', 7, 3), true],
        ['removeIf', () => map.removeIf('c', 4), false],
        ['removeIf', () => map.removeIf('c', 3), true],
        ['delete', () => map.delete('c'), false],
        ['getAndDelete', () => map.getAndDelete('b'), 7],
        ['update', () => map.update('a', (value = 0) => value + 1), 6],
        ['putMany', () => map.putMany([['b', 1], ['c', 2]]), undefined], // prettier-ignore
        ['getMany', () => map.getMany(['a', 'c', 'x']), new Map([['a', 6], ['c', 2]])], // prettier-ignore
        ['deleteMany', () => map.deleteMany(['b', 'x']), 1],
        ['touch', () => map.touch('c', 60_000), true],
        ['touch', () => map.touch('x', 60_000), false],
        ['size', () => map.size(), 2],
        ['keys', async () => (await all(map.keys())).toSorted(), ['a', 'c']],
        ['entries', () => all(map.entries({ prefix: 'a' })), [['a', 6]]],
        ['watch', () => first(map.watch({ initial: true, keys: ['c'] })), { type: 'put', key: 'c', value: 2, previous: undefined, version: expect.any(Number) }], // prettier-ignore
        ['clear', () => map.clear(), undefined],
        ['size', () => map.size(), 0],
        ['destroy', () => map.destroy(), false],
      ]
    },
  },
  {
    kind: 'set',
    parts: [DistributedSet.prototype],
    steps(distributed) {
      const set = distributed.set<string>('s', { shards: 2 })
      return [
        ['add', () => set.add('a'), true],
        ['add', () => set.add('a'), false],
        ['addMany', () => set.addMany(['a', 'b', 'c', 'd']), 3],
        ['contains', () => set.contains('b'), true],
        ['remove', () => set.remove('b'), true],
        ['remove', () => set.remove('b'), false],
        ['removeMany', () => set.removeMany(['b', 'c']), 1],
        ['size', () => set.size(), 2],
        ['values', async () => (await all(set.values({ batch: 1 }))).toSorted(), ['a', 'd']],
        ['clear', () => set.clear(), undefined],
        ['destroy', () => set.destroy(), false],
      ]
    },
  },
  {
    kind: 'queue',
    parts: [Queue.prototype, Delivery.prototype],
    steps(distributed) {
      const queue = distributed.queue<string>('q', { visibilityMs: 10_000 })
      const held: Delivery<string>[] = []
      const hold = async (delivery: Promise<Delivery<string> | undefined>): Promise<unknown> => {
        const got = await delivery
        if (got) held.push(got)
        return got?.value
      }
      const last = (): Delivery<string> => {
        const delivery = held.at(-1)
        if (!delivery) throw new Error('Nothing is held')
        return delivery
      }
      return [
        ['enqueue', () => queue.enqueue('a'), { id: expect.any(String), deduplicated: false }],
        ['enqueueMany', () => queue.enqueueMany(['b', 'c', 'd', 'e', 'f']), undefined],
        ['peek', () => queue.peek(), 'a'],
        ['size', () => queue.size(), 6],
        ['dequeue', () => queue.dequeue(), 'a'],
        ['dequeueMany', () => queue.dequeueMany(2), ['b', 'c']],
        ['take', () => queue.take(), 'd'],
        ['reserve', () => hold(queue.reserve()), 'e'],
        ['receipt', () => last().receipt, { number: expect.any(Number), receipt: expect.any(Number) }], // prettier-ignore
        ['source', () => last().source.startsWith('q '), true],
        ['signal', () => last().signal.aborted, false],
        ['extend', () => last().extend(20_000), true],
        ['nack', () => last().nack(), true],
        ['extend', () => last().extend(20_000), false],
        ['reserve', () => hold(queue.reserve()), 'e'],
        ['isSettled', () => last().isSettled, false],
        ['ack', () => last().ack(), true],
        ['isSettled', () => last().isSettled, true],
        ['settled', () => typeof last().settled(), 'function'],
        ['ack', () => last().ack(), false],
        ['consume', async () => (await first(queue.consume()))?.value, 'f'], // It goes back.
        ['reserveMany', async () => held.push(...(await queue.reserveMany(5))), 3],
        ['ackMany', () => queue.ackMany([last()]), 1],
        ['enqueue', () => queue.enqueue('bad'), { id: expect.any(String), deduplicated: false }],
        ['reserve', () => hold(queue.reserve()), 'bad'],
        ['nack', () => last().nack({ dead: true, reason: 'it is bad' }), true],
        ['stats', () => queue.stats(), { ready: 0, delayed: 0, inFlight: 0, dead: 1 }],
        ['deadList', () => all(queue.deadList()), [{ id: expect.any(String), value: 'bad', deliveries: 1, reason: 'it is bad' }]], // prettier-ignore
        ['redrive', () => queue.redrive(), 1],
        ['size', () => queue.size(), 1],
        ['clear', () => queue.clear(), undefined],
        ['destroy', () => queue.destroy(), false],
      ]
    },
  },
  {
    kind: 'lock',
    parts: [Lock.prototype, Lease.prototype],
    steps(distributed) {
      const lock = distributed.lock('l')
      const own = (): Lease => {
        if (!lock.lease) throw new Error('It is not held')
        return lock.lease
      }
      return [
        ['tryAcquire', () => lock.tryAcquire(), true],
        ['lease', () => lock.lease?.isHeld, true],
        ['isHeld', () => own().isHeld, true],
        ['token', () => own().token > 0n, true],
        ['fence', () => BigInt(own().fence) === own().token, true],
        ['permits', () => own().permits, 1],
        ['expiresIn', () => own().expiresIn > 20_000, true],
        ['signal', () => own().signal.aborted, false],
        ['assertHeld', () => own().assertHeld(), undefined],
        ['holder', () => lock.holder(), { owner: expect.any(String), token: expect.any(BigInt), waiters: 0 }], // prettier-ignore
        ['release', () => own().release(), true],
        ['release', () => lock.release(), false],
        ['tryLease', async () => (await lock.tryLease())?.isHeld, true],
        ['forceRelease', () => lock.forceRelease(), true],
        ['run', () => lock.run((lease) => lease.isHeld), true],
        ['acquire', async () => (await lock.acquire()).isHeld, true],
        ['destroy', () => lock.destroy(), true],
      ]
    },
  },
  {
    kind: 'semaphore',
    parts: [Semaphore.prototype],
    steps(distributed) {
      const semaphore = distributed.semaphore('p', { permits: 3 })
      return [
        ['available', () => semaphore.available(), 3],
        ['acquire', async () => (await semaphore.acquire(2)).permits, 2],
        ['tryAcquire', () => semaphore.tryAcquire(2), false],
        ['tryLease', async () => (await semaphore.tryLease())?.permits, 1],
        ['leases', () => semaphore.leases.length, 2],
        ['release', () => semaphore.release(), true],
        ['available', () => semaphore.available(), 2],
        ['run', () => semaphore.run(({ permits }) => permits, { permits: 2 }), 2],
        ['resize', () => semaphore.resize(5), 5],
        ['destroy', () => semaphore.destroy(), true],
      ]
    },
  },
  {
    kind: 'barrier',
    parts: [Barrier.prototype],
    steps(distributed) {
      const barrier = distributed.barrier('b')
      return [
        ['arrive', () => barrier.arrive(1), { round: 1, index: 0 }],
        ['waiting', () => barrier.waiting(), 0],
        ['destroy', () => barrier.destroy(), true],
      ]
    },
  },
]

test.each(subjects)('a $kind answers each of its calls', async ({ parts, steps }) => {
  await using world = await DataWorld.of('a b c')
  const called = new Set<string>(['constructor'])
  for (const [call, answer, expected] of steps(world.on('b'))) {
    called.add(call)
    const answered = await world.settled((async () => await answer())())
    expect(answered, call).toEqual(expected)
  }
  const there = parts.flatMap((part) => Object.getOwnPropertyNames(part))
  expect([...new Set(['constructor', ...there])].toSorted()).toEqual([...called].toSorted())
})
