import type { Distributed, DistributedMap } from '@casty/ddata'
import type { Operation } from './load.ts'

/** Keys that maps and sets are used with, and names of counters and locks that are many. */
export const keys: readonly string[] = Array.from({ length: 1_000 }, (_, at) => `key-${at}`)
/** What is put into maps and queues. */
export const value = 'x'.repeat(100)
/** Items that wait in a queue before consumers are measured. */
export const stock = 20_000
const stockBatch = 500
const dayMs = 86_400_000

interface Prepared {
  readonly operation: Operation
}

type Prepare = (distributed: Distributed) => Prepared | Promise<Prepared>

/** What is measured, by name. What it needs is prepared before each time. */
export const castyOperations: Readonly<Record<string, Prepare>> = {
  'counter increment'(distributed) {
    const counter = distributed.counter('one')
    return { operation: async () => await counter.increment() }
  },
  'counter get'(distributed) {
    const counter = distributed.counter('one')
    return { operation: async () => await counter.get() }
  },
  'counter set'(distributed) {
    const counter = distributed.counter('one')
    return { operation: async (worker) => await counter.set(worker) }
  },
  'counter compare and set'(distributed) {
    const counter = distributed.counter('compared')
    return { operation: async () => await counter.compareAndSet(0, 0) }
  },
  'counters increment'(distributed) {
    const counters = keys.slice(0, 100).map((name) => distributed.counter(name))
    const next = roundRobin(counters)
    return { operation: async () => await next().increment() }
  },
  'map set': (distributed) => setting(distributed.map<string, string>('map')),
  'map get': (distributed) => getting(distributed.map<string, string>('map')),
  'map set, 32 parts': (distributed) => setting(mapOfFewParts(distributed)),
  'map get, 32 parts': (distributed) => getting(mapOfFewParts(distributed)),
  'map put'(distributed) {
    const map = distributed.map<string, string>('map')
    const next = roundRobin(keys)
    return { operation: async () => await map.put(next(), value) }
  },
  'map delete'(distributed) {
    const map = distributed.map<string, string>('map')
    const next = roundRobin(keys)
    return { operation: async () => await map.delete(next()) }
  },
  'map put if absent': (distributed) =>
    onKeys(distributed, (map, key) => map.putIfAbsent(key, value)),
  'map replace': (distributed) => onKeys(distributed, (map, key) => map.replace(key, value, value)),
  'map update': (distributed) => onKeys(distributed, (map, key) => map.update(key, () => value)),
  'map touch': (distributed) => onKeys(distributed, (map, key) => map.touch(key, dayMs)),
  'map contains': (distributed) => onKeys(distributed, (map, key) => map.contains(key)),
  'map get entry': (distributed) => onKeys(distributed, (map, key) => map.getEntry(key)),
  'map put ten': (distributed) =>
    onKeys(distributed, (map) =>
      map.putMany(keys.slice(0, 10).map((key) => [key, value] as const)),
    ),
  'map get ten': (distributed) => onKeys(distributed, (map) => map.getMany(keys.slice(0, 10))),
  'map size': (distributed) => onKeys(distributed, (map) => map.size()),
  'set add'(distributed) {
    const set = distributed.set<string>('set')
    const next = roundRobin(keys)
    return { operation: async () => await set.add(next()) }
  },
  'set contains'(distributed) {
    const set = distributed.set<string>('set')
    const next = roundRobin(keys)
    return { operation: async () => await set.contains(next()) }
  },
  'set remove'(distributed) {
    const set = distributed.set<string>('set')
    const next = roundRobin(keys)
    return { operation: async () => await set.remove(next()) }
  },
  async 'queue peek'(distributed) {
    const queue = distributed.queue<string>('peeked')
    await queue.enqueue(value)
    return { operation: async () => await queue.peek() }
  },
  async 'queue enqueue and take'(distributed) {
    const queue = distributed.queue<string>('taken')
    return { operation: async () => await Promise.all([queue.take(), queue.enqueue(value)]) }
  },
  async 'queue enqueue and dequeue'(distributed) {
    const queue = distributed.queue<string>('plain')
    return {
      async operation() {
        await queue.enqueue(value)
        await queue.dequeue()
      },
    }
  },
  async 'queue reserve and ack'(distributed) {
    const queue = distributed.queue<string>('work')
    const { ready } = await queue.stats()
    for (let has = ready; has < stock; has += stockBatch) {
      await queue.enqueueMany(Array.from({ length: stockBatch }, () => value))
    }
    return {
      async operation() {
        const delivery = await queue.reserve()
        // So that it never runs dry, it takes a new one for each that is done.
        if (delivery) await Promise.all([delivery.ack(), queue.enqueue(value)])
      },
    }
  },
  'lock acquire and release'(distributed) {
    const locks = keys.map((name) => distributed.lock(name))
    return {
      async operation(worker) {
        const lease = await locks[worker]?.acquire()
        await lease?.release()
      },
    }
  },
  'lock try and release'(distributed) {
    const locks = keys.map((name) => distributed.lock(name))
    return {
      async operation(worker) {
        const lease = await locks[worker]?.tryLease()
        await lease?.release()
      },
    }
  },
  'lock holder'(distributed) {
    const locks = keys.map((name) => distributed.lock(name))
    return { operation: async (worker) => await locks[worker]?.holder() }
  },
  'lock acquire and release, eight want one'(distributed) {
    const locks = keys.slice(0, 8).map(() => distributed.lock('wanted'))
    return {
      async operation(worker) {
        const lease = await locks[worker]?.acquire()
        await lease?.release()
      },
    }
  },
  'semaphore acquire and release'(distributed) {
    const semaphores = keys.map((name) => distributed.semaphore(name, { permits: 3 }))
    return {
      async operation(worker) {
        const lease = await semaphores[worker]?.acquire()
        await lease?.release()
      },
    }
  },
  'semaphore available'(distributed) {
    const semaphore = distributed.semaphore('asked', { permits: 3 })
    return { operation: async () => await semaphore.available() }
  },
  'barrier waiting'(distributed) {
    const barrier = distributed.barrier('asked')
    return { operation: async () => await barrier.waiting() }
  },
  'barrier arrive'(distributed) {
    const barriers = keys.map((name) => distributed.barrier(name))
    return { operation: async (worker) => await barriers[worker]?.arrive(1) }
  },
}

/** As many as its README recommends for three nodes with a core each. */
function mapOfFewParts(distributed: Distributed): DistributedMap<string, string> {
  return distributed.map<string, string>('few', { shards: 32 })
}

function onKeys(
  distributed: Distributed,
  operation: (map: DistributedMap<string, string>, key: string) => Promise<unknown>,
): Prepared {
  const map = distributed.map<string, string>('map')
  const next = roundRobin(keys)
  return { operation: async () => await operation(map, next()) }
}

function setting(map: DistributedMap<string, string>): Prepared {
  const next = roundRobin(keys)
  return { operation: async () => await map.set(next(), value) }
}

function getting(map: DistributedMap<string, string>): Prepared {
  const next = roundRobin(keys)
  return { operation: async () => await map.get(next()) }
}

function roundRobin<T>(all: readonly T[]): () => T {
  let next = 0
  return () => {
    const one = all[next++ % all.length]
    if (one === undefined) throw new Error('There is none.')
    return one
  }
}
