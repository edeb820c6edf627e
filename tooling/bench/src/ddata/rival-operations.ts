// The same, as users of other services do it from Node.
import { Queue, Worker } from 'bullmq'
import { Etcd3 } from 'etcd3'
import { Redis } from 'ioredis'
import Redlock from 'redlock'
import { keys, value } from './casty-operations.ts'
import { underLoad, type Operation } from './load.ts'
import type { Figures, Rival, Times } from './messages.ts'

/** Measures one operation. */
export type Measure = (operation: string, inFlight: number, times: Times) => Promise<Figures>

export function rivalAt(rival: Rival, port: number): Measure {
  switch (rival) {
    case 'redis':
      return byName(redisOperations(new Redis(port, '127.0.0.1')))
    case 'redis-pipelined':
      return byName(redisOperations(new Redis(port, '127.0.0.1', { enableAutoPipelining: true })))
    case 'redlock':
      return byName(redlockOperations(new Redis(port, '127.0.0.1')))
    case 'bullmq':
      return async (_operation, inFlight, times) => await jobs(port, inFlight, times)
    case 'etcd':
      return byName(etcdOperations(new Etcd3({ hosts: `http://127.0.0.1:${port}` })))
  }
}

function byName(operations: Readonly<Record<string, Operation>>): Measure {
  return async (name, inFlight, times) => {
    const operation = operations[name]
    if (!operation) throw new Error(`There is no operation ${name}.`)
    return await underLoad(operation, inFlight, times)
  }
}

/** Deletes a lock if it is still that of whoever took it. */
const releaseScript =
  "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"

function redisOperations(redis: Redis): Readonly<Record<string, Operation>> {
  const next = roundRobin(keys)
  const nextOfHundred = roundRobin(keys.slice(0, 100))
  return {
    'counter increment': async () => await redis.incr('one'),
    'counter get': async () => await redis.get('one'),
    'counters increment': async () => await redis.incr(nextOfHundred()),
    'map set': async () => await redis.hset('map', next(), value),
    'map get': async () => await redis.hget('map', next()),
    'map delete': async () => await redis.hdel('map', next()),
    'set add': async () => await redis.sadd('set', next()),
    'set contains': async () => await redis.sismember('set', next()),
    async 'queue enqueue and dequeue'() {
      await redis.rpush('queue', value)
      await redis.lpop('queue')
    },
    async 'lock acquire and release'(worker) {
      const name = `lock:${worker}`
      await redis.set(name, 'mine', 'PX', 30_000, 'NX')
      await redis.eval(releaseScript, 1, name, 'mine')
    },
  }
}

function redlockOperations(redis: Redis): Readonly<Record<string, Operation>> {
  // With its defaults, but that it does not give up where many want one.
  const redlock = new Redlock([redis], { retryCount: 1_000 })
  const hold = async (name: string): Promise<void> => {
    const lock = await redlock.lock(name, 30_000)
    await lock.unlock()
  }
  return {
    'lock acquire and release': async (worker) => await hold(`redlock:${worker}`),
    'lock acquire and release, eight want one': async () => await hold('wanted'),
  }
}

function etcdOperations(etcd: Etcd3): Readonly<Record<string, Operation>> {
  const next = roundRobin(keys)
  return {
    'map set': async () => await etcd.put(next()).value(value),
    'map get': async () => await etcd.get(next()).string(),
    async 'lock acquire and release'(worker) {
      const lock = etcd.lock(`lock:${worker}`).ttl(30)
      await lock.acquire()
      await lock.release()
    },
  }
}

const jobsAtOnce = 500
/** More than get done while it is measured, as far as we saw; what is there afterwards is thrown away. */
const jobsPerSecond = 10_000

/** Jobs that wait in a queue, taken and completed by its own worker: one script for each completes one and takes the next. */
async function jobs(
  port: number,
  inFlight: number,
  { warmUpMs, measuredMs }: Times,
): Promise<Figures> {
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null }
  const queue = new Queue('jobs', { connection, defaultJobOptions: { removeOnComplete: true } })
  const count = ((warmUpMs + measuredMs) * jobsPerSecond) / 1_000
  for (let has = 0; has < count; has += jobsAtOnce) {
    await queue.addBulk(Array.from({ length: jobsAtOnce }, () => ({ name: 'job', data: value })))
  }
  let done = 0
  const worker = new Worker('jobs', async () => {}, { connection, concurrency: inFlight })
  worker.on('completed', () => done++)
  await worker.waitUntilReady()
  await pause(warmUpMs)
  const [beganAt, before] = [performance.now(), done]
  await pause(measuredMs)
  const perSecond = ((done - before) * 1_000) / (performance.now() - beganAt)
  await worker.close(true)
  await queue.obliterate({ force: true })
  await queue.close()
  return { perSecond, medianMs: 0 }
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}

function roundRobin(all: readonly string[]): () => string {
  let next = 0
  return () => all[next++ % all.length] ?? ''
}
