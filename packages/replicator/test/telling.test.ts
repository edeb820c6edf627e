import { expect, test } from 'vitest'
import { Telling } from '../src/core/telling.ts'
import { Values } from '../src/core/values.ts'
import { add, at, partsOf } from './core-parts.ts'

class World {
  readonly parts = partsOf('a', 'b', 'c')
  readonly values = new Values(this.parts)
  tidied = 0
  readonly telling = new Telling({
    ...this.parts,
    values: this.values,
    tidy: () => void (this.tidied += 1),
  })

  /** What was told to whom since it was looked last. */
  get told(): readonly string[] {
    return this.parts.effects.take().flatMap((effect) => {
      return effect.type === 'send' ? [`${effect.message.type} to ${effect.to}`] : []
    })
  }

  change(key: string, nowMs: number): void {
    const delta = add(this.values, 'x', key)
    if (delta) this.telling.changed(key, delta, nowMs)
  }
}

const { deltaIntervalMs, gossipIntervalMs } = partsOf('a').settings

/** After the first exchange of digests, which is at once. */
function gossiped(): World {
  const world = new World()
  expect(world.telling.nextDeadline).toBe(0)
  world.telling.timePassed(at(0))
  expect([world.told, world.tidied]).toEqual([['summary to b'], 1])
  return world
}

test('digests are exchanged with one node that is drawn, now and then', () => {
  const world = gossiped()
  expect(world.telling.nextDeadline).toBe(gossipIntervalMs)
  world.telling.timePassed(at(gossipIntervalMs, 0.5))
  expect([world.told, world.tidied]).toEqual([['summary to c'], 2])
})

test('changes gather before all are told, each once', () => {
  const world = gossiped()
  world.change('k', 10)
  world.change('l', 11)
  expect(world.telling.nextDeadline).toBe(10 + deltaIntervalMs)
  world.telling.timePassed(at(10 + deltaIntervalMs))
  expect(world.told).toEqual(['deltas to b', 'deltas to c'])
  expect(world.parts.tally.deltasSent).toBe(4)
  expect(world.telling.nextDeadline).toBe(gossipIntervalMs)
})

test('who is alone tells nobody', () => {
  const world = gossiped()
  world.parts.others.change([], new Set())
  world.change('k', 10)
  expect(world.telling.nextDeadline).toBe(gossipIntervalMs)
})

test('who comes is told digests, whether in reach or not', () => {
  const world = gossiped()
  world.telling.nodesChanged(world.parts.others.change(['b', 'c', 'd'], new Set(['b'])))
  expect(world.told).toEqual(['summary to d'])
})

test('digests are exchanged soon while nodes differ', () => {
  const [world, other] = [gossiped(), gossiped()]
  other.change('k', 0)
  const bucket = other.values.table.sums().findIndex(({ high, low }) => high !== 0 || low !== 0)
  const digests = [...other.values.table.bucket(bucket)]
  const message = { type: 'bucket', bucket, isWhole: true, digests } as const
  world.telling.answerBucket('b', message, at(10))
  expect(world.told).toEqual(['want to b'])
  expect(world.telling.nextDeadline).toBe(110)
})

test('values that are not here are not told', () => {
  const world = gossiped()
  world.telling.sendStates('b', ['nothing'], false)
  expect(world.told).toEqual([])
  world.change('k', 0)
  world.telling.sendStates('b', ['k', 'nothing'], false)
  expect([world.told, world.parts.tally.statesSent]).toEqual([['states to b'], 1])
})
