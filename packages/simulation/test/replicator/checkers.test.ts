// What is known of values that converge: what breaks a promise is told, what does not is not.
import { createMemoryNetwork } from '@casty/transport'
import { ManualClock } from '@casty/clock'
import { Cluster } from '@casty/membership'
import { Replicator } from '@casty/replicator'
import { describe, expect, test } from 'vitest'
import { Confirmations } from '../../src/replicator/confirmations.ts'
import { Knowledge } from '../../src/replicator/knowledge.ts'
import type { ReplicatorProcess, ReplicatorRun } from '../../src/replicator/replicator-run.ts'
import { sharedValues, type SharedValue } from '../../src/replicator/shared-values.ts'

function valueNamed(name: string): SharedValue {
  const found = sharedValues.find((value) => value.name === name)
  if (!found) throw new Error(`There is no value ${name}`)
  return found
}

const [kept, set, register] = [valueNamed('kept'), valueNamed('set 1'), valueNamed('register')]

/** Processes that see values, and what is told of that. */
function watching(): {
  readonly knowledge: Knowledge
  readonly told: readonly string[]
  readonly lost: () => number
  readonly start: (host: string) => ReplicatorProcess & { end(): void }
} {
  const told: string[] = []
  let lost = 0
  const run = {
    violate: (checker: string) => void told.push(checker),
  } as unknown as ReplicatorRun // All that knowledge needs of a run.
  const start = (host: string): ReplicatorProcess & { end(): void } => {
    const process = { host, isRunning: true, end: () => void (process.isRunning = false) }
    return process as unknown as ReplicatorProcess & { end(): void } // … and of a process.
  }
  const knowledge = new Knowledge(run, () => void (lost += 1))
  return { knowledge, told, lost: () => lost, start }
}

function elements(...names: readonly string[]): ReadonlySet<string> {
  return new Set(names)
}

describe('Knowledge', () => {
  test('takes it that elements come, and go where somebody took them out', () => {
    const { knowledge, told, start } = watching()
    const a = start('a')
    knowledge.adds(set, 'e1')
    knowledge.seen(a, set, elements('e1'))
    knowledge.removes(set, 'e1')
    knowledge.seen(a, set, elements())
    expect(told).toEqual([])
  })

  test('tells of elements that come back, at the same process alone', () => {
    const { knowledge, told, start } = watching()
    const [a, b] = [start('a'), start('b')]
    knowledge.adds(set, 'e1')
    knowledge.removes(set, 'e1')
    for (const now of [elements('e1'), elements()]) knowledge.seen(a, set, now)
    knowledge.seen(b, set, elements('e1'))
    expect(told).toEqual([])
    knowledge.seen(a, set, elements('e1'))
    expect(told).toEqual(['nothing comes back'])
  })

  test.each([
    ['an element that nobody put in', kept, ['e9'], 'nothing is made up'],
    ['an element that went by itself', kept, [], 'nothing is lost'],
  ] as const)('tells of %s', (_, value, now, checker) => {
    const { knowledge, told, start } = watching()
    const a = start('a')
    knowledge.adds(value, 'e1')
    knowledge.seen(a, value, elements('e1'))
    knowledge.seen(a, value, elements(...now, ...(now.length > 0 ? ['e1'] : [])))
    expect(told).toEqual([checker])
  })

  test('takes it that one write takes the place of another, and tells where that comes back', () => {
    const { knowledge, told, start } = watching()
    const a = start('a')
    for (const element of ['e1', 'e2']) {
      knowledge.adds(register, element)
      knowledge.seen(a, register, elements(element))
    }
    expect(told).toEqual([])
    knowledge.seen(a, register, elements('e1'))
    expect(told).toEqual(['nothing comes back'])
  })

  test('knows what must be everywhere: not what was lost with all who knew it', () => {
    const { knowledge, lost, start } = watching()
    const [a, b] = [start('a'), start('b')]
    for (const element of ['e1', 'e2', 'e3', 'e4']) knowledge.adds(kept, element)
    knowledge.seen(a, kept, elements('e1', 'e2', 'e3'))
    knowledge.seen(b, kept, elements('e1'))
    knowledge.saved(a, new Map([['kept', elements('e2')]]))
    a.end()
    knowledge.sweep()
    // `e4` nobody ever had.
    expect(knowledge.lasting(kept)).toEqual(['e1', 'e2'])
    knowledge.diskLost('a')
    expect(knowledge.lasting(kept)).toEqual(['e1'])
    expect(lost()).toBe(3)
  })

  test('counts who knew an element, and who has it on a disk', () => {
    const { knowledge, start } = watching()
    const [a, b] = [start('a'), start('b')]
    knowledge.adds(kept, 'e1')
    for (const process of [a, b]) knowledge.seen(process, kept, elements('e1'))
    knowledge.saved(a, new Map([['kept', elements('e1')]]))
    b.end()
    expect(knowledge.knowers(kept, 'e1', false)).toBe(2)
    expect(knowledge.knowers(kept, 'e1', true)).toBe(1)
  })
})

describe('Confirmations', () => {
  const abc = ['a', 'b', 'c']

  test.each([
    ['a majority of a majority', abc, 2, ['e1']],
    ['all of a majority', abc, 3, ['e1']],
    ['too few', abc, 1, []],
    ['other nodes', ['a', 'b', 'd'], 3, []],
    ['nodes that came and went', undefined, 3, []],
  ] as const)('of a read of %s', (_, nodes, count, seen) => {
    const confirmations = new Confirmations()
    confirmations.wrote('kept', 'e1', abc, 2)
    const mark = confirmations.mark('kept')
    confirmations.wrote('kept', 'e2', abc, 3)
    expect(confirmations.seenBy('kept', mark, nodes, count)).toEqual(seen)
  })

  test('a write on one node binds nobody', () => {
    const confirmations = new Confirmations()
    confirmations.wrote('kept', 'e1', abc, 1)
    expect(confirmations.mark('kept')).toBe(0)
  })
})

test('values are seen as elements, each of which counts once', async () => {
  const clock = new ManualClock()
  const transport = createMemoryNetwork({ clock }).transport({ host: 'a' })
  await using cluster = await Cluster.start({
    transport,
    host: 'a',
    port: 1,
    insecure: true,
    clock,
  })
  using replicator = Replicator.attach({ cluster, clock })
  for (const value of sharedValues) {
    const names = [0, 1, 2].map((count) => value.nameOf(count))
    // eslint-disable-next-line no-await-in-loop -- One after the other.
    for (const name of names) await value.add(replicator, name, {})
    const last = value.kind === 'replaced' ? names.slice(-1) : names
    expect([...value.elementsAt(replicator)].toSorted()).toEqual(last.toSorted())
    expect(value.nodesIn(replicator)).toEqual([cluster.self.key])
    if (value.kind !== 'removable') continue
    // eslint-disable-next-line no-await-in-loop
    await value.remove(replicator, names[0] ?? '', {})
    expect([...value.elementsAt(replicator)]).toEqual(names.slice(1))
    // eslint-disable-next-line no-await-in-loop
    await value.clear(replicator, {})
    expect(value.bytesAt(replicator)).toBeUndefined()
  }
  const counter = valueNamed('counter 1')
  await counter.add(replicator, '+0', {})
  expect(counter.elementsAt(replicator)).toContain('+0 2 times')
})
