// What happens to processes and hosts in the middle of a case.
import type { DistributedMap } from '@casty/ddata'
import { isObject, numberOf, textOf, type JsonObject } from '../json.ts'
import { repeat } from './repeating.ts'
import type { CaseRun } from './run-case.ts'

/** For so long nobody remembers a session, in milliseconds. */
const forgottenMs = 11 * 60_000
/** The host of a structure takes so long to be replaced, at most: its lease ends, and somebody is given its shards. */
const failoverMs = 15_000

/** @throws where the fault is not known */
export async function carryOut(run: CaseRun, step: JsonObject, part: string): Promise<void> {
  const { world } = run
  const fault = textOf(step['fault'], 'fault')
  const process =
    typeof step['h'] === 'string' ? (run.handles.get(step['h'])?.process ?? step['h']) : ''
  switch (fault) {
    case 'advance':
      await world.settle(numberOf(step['ms'], 'ms'))
      return
    case 'let':
      run.bound.variables.set(textOf(step['var'], 'var'), structuredClone(step['value']))
      return
    case 'mutate': {
      const variable: unknown = run.bound.variables.get(textOf(step['var'], 'var'))
      if (typeof variable !== 'object' || variable === null) throw new Error('nothing to change')
      Reflect.set(variable, textOf(step['path'], 'path'), step['value'])
      return
    }
    case 'dropReply':
      await warmUp(run, step)
      world.process(process).replies.mode = 'drop-next'
      return
    case 'holdReply':
      await warmUp(run, step)
      world.process(process).replies.mode = 'hold'
      return
    case 'retry':
      world.process(process).replies.mode = 'pass'
      await world.settle(3_000)
      return
    case 'failover':
      world.killHost(world.hostInUse())
      await world.settle(0)
      return
    case 'restartCluster':
      await world.restartAll()
      return
    case 'killProc':
      world.kill(process)
      return
    case 'pauseProc':
      world.pause(process)
      return
    case 'resumeProc':
      world.resume(process)
      await world.still()
      return
    case 'isolateProc':
      world.isolate(process)
      return
    case 'healProc':
    case 'heal':
      world.heal()
      await world.settle(failoverMs)
      return
    case 'partition':
      partition(run, step)
      return
    case 'stallHost': {
      const host = world.hostInUse()
      world.pauseHost(host)
      await world.settle(numberOf(step['ms'], 'ms'))
      world.resumeHost(host)
      await world.settle(0)
      return
    }
    case 'wallClockJump':
      world.clock.setWallNow(world.clock.wallNow() + numberOf(step['ms'], 'ms'))
      return
    case 'close':
      await world.settled(world.process(process).distributed.close())
      return
    case 'reconnect':
      world.isolate(process)
      await world.settle(500)
      world.heal()
      return
    case 'expireSession':
      world.pause(process)
      await world.settle(forgottenMs)
      world.resume(process)
      await world.still()
      return
    case 'repeat':
      await repeat(run, step, part)
      return
    case 'consumeLoop':
      await consume(run, step)
      return
    case 'flood':
      await flood(run, step)
      return
    case 'background':
      background(run, step)
      return
    case 'addNode':
      await world.startHost(`h${world.hosts().length + 1}`)
      await world.ready()
      return
    case 'drainNode':
      await world.leave(world.hostInUse())
      return
    case 'stopBackground':
      await stopBackground(run)
      return
    default:
      throw new Error(`fault ${fault} is not known`)
  }
}

/** What a map or a set asks before its first call is no call of the case. */
async function warmUp({ handles, world }: CaseRun, step: JsonObject): Promise<void> {
  const handle = handles.get(textOf(step['h'], 'h'))
  if (handle?.kind !== 'map' && handle?.kind !== 'set') return
  // Both have it.
  const split = handle.callable as unknown as DistributedMap<string, number>
  await world.settled(split.size())
}

/** Cases name hosts by what they are to the structure. */
function partition({ world, handles }: CaseRun, { groups }: JsonObject): void {
  const host = world.hostInUse()
  const others = world.hosts().filter((name) => name !== host)
  const named = (name: unknown): string => {
    if (name === 'host') return host
    const replica = /^replica(\d)$/.exec(String(name))?.[1]
    if (replica !== undefined) return others[Number(replica) - 1] ?? ''
    return handles.get(String(name))?.process ?? String(name)
  }
  if (!Array.isArray(groups)) throw new Error('a partition has groups')
  const sides = groups.map((group: unknown) => (Array.isArray(group) ? group.map(named) : []))
  // Whoever is left out is on the larger side.
  const rest = others.filter((name) => !sides.flat().includes(name))
  const [left = [], right = []] = sides
  world.partition([left, [...right, ...rest]])
}

async function consume(run: CaseRun, step: JsonObject): Promise<void> {
  const handle = run.handles.get(textOf(step['h'], 'h'))
  if (!handle) throw new Error('nothing to consume')
  const { distributed } = run.world.process(handle.process)
  const options = isObject(step['opts'])
    ? { prefetch: numberOf(step['opts']['prefetch'], 'prefetch') }
    : {}
  const [ackFirst, breakAfter] = [
    numberOf(step['ackFirst'], 'ackFirst'),
    numberOf(step['breakAfter'], 'breakAfter'),
  ]
  const queue = distributed.queue(String(handle.callable['name']))
  const loop = async (): Promise<void> => {
    let seen = 0
    for await (const delivery of queue.consume(options)) {
      seen += 1
      if (seen <= ackFirst) await delivery.ack()
      if (seen >= breakAfter) return
    }
  }
  await run.world.settled(loop())
}

async function flood(run: CaseRun, step: JsonObject): Promise<void> {
  const handle = run.handles.get(textOf(step['h'], 'h'))
  if (!handle) throw new Error('nothing to flood')
  const { distributed } = run.world.process(handle.process)
  const counter = distributed.counter(String(handle.callable['name']))
  const calls = Array.from({ length: numberOf(step['count'], 'count') }, async () => {
    try {
      await counter.increment()
      return 'yes'
    } catch (error) {
      return Reflect.get(error as object, 'applied') === 'no' ? 'no' : 'unknown'
    }
  })
  const outcomes = await run.world.settled(Promise.all(calls), 120_000)
  const value = await run.world.settled(counter.get())
  const [yes, unknown] = ['yes', 'unknown'].map(
    (wanted) => outcomes.filter((each) => each === wanted).length,
  )
  run.bound.values.set('check everySettles', outcomes.length === calls.length)
  run.bound.values.set(
    'check sumOfAcknowledgedEqualsValue',
    value >= (yes ?? 0) && value <= (yes ?? 0) + (unknown ?? 0),
  )
}

/** Puts keys, a few at a time, while the case goes on. */
function background(run: CaseRun, step: JsonObject): void {
  const handle = run.handles.get(textOf(step['h'], 'h'))
  if (!handle) throw new Error('nothing to write to')
  const map = handle.callable as unknown as DistributedMap<string, number>
  const count = numberOf(step['keys'], 'keys')
  for (let index = 0; index < count; index++) {
    const write: CaseRun['background'][number] = {
      key: `key ${index}`,
      value: index,
      outcome: undefined,
    }
    run.background.push(write)
    run.world.clock.schedule(index * 3, () => {
      void map.put(write.key, index, { timeoutMs: 30_000 }).then(
        (value) => (write.outcome = { type: 'returned', value, at: run.world.clock.now() }),
        (error: unknown) => (write.outcome = { type: 'failed', error, at: run.world.clock.now() }),
      )
    })
  }
  const [, read] = [map, run.bound.values.set('background map', map)]
  void read
}

async function stopBackground(run: CaseRun): Promise<void> {
  await run.world.until(() => run.background.every(({ outcome }) => outcome !== undefined), 120_000)
  // What `background` put there.
  const map = run.bound.values.get('background map') as DistributedMap<string, number>
  const acknowledged = run.background.filter(({ outcome }) => outcome?.type === 'returned')
  const found = await run.world.settled(map.getMany(acknowledged.map(({ key }) => key)))
  const isAllThere = acknowledged.every(({ key, value }) => found.get(key) === value)
  run.bound.values.set(
    'check everyAcknowledgedWriteReadable',
    isAllThere && acknowledged.length > 900,
  )
}
