// The story of a cut as its readers run it: real processes over a relay. It takes as long as silence does
// to be noticed, and a decision to be waited for.
import { expect, test } from 'vitest'
import { partitionStory } from '../src/partition-story.ts'
import { DemoProcess, isAlive, startedPids } from './demo-process.ts'

const timeout = 300_000

test('tells the story of a cut, and leaves no process behind', { timeout }, async () => {
  const { code, lines, errors } = await new DemoProcess('--partition', '--fast', '--json').end()
  expect(errors).toBe('')
  const told = lines.map((line) => JSON.parse(line))
  expect(told.filter(({ type }) => type === 'step')).toEqual(
    partitionStory(5).map(({ id }) =>
      expect.objectContaining({ id, status: 'done', elapsedMs: expect.any(Number) }),
    ),
  )
  expect(told.find(({ type }) => type === 'network-cut')?.sides).toEqual([
    ['n1', 'n2', 'n3'],
    ['n4', 'n5'],
  ])
  const stopped = told.filter(({ event }) => event?.type === 'self-downed').map(({ node }) => node)
  expect(new Set(stopped)).toEqual(new Set(['n4', 'n5']))
  expect(stopped).toHaveLength(2)
  expect(told.at(-1)).toMatchObject({ type: 'end', ok: true })
  expect(code).toBe(0)
  expect(startedPids(lines)).toHaveLength(5) // Those who stopped begin anew in the same process.
  expect(startedPids(lines).filter(isAlive)).toEqual([])
})

test('leaves no process behind when it is interrupted during the cut', { timeout }, async () => {
  const demo = new DemoProcess('--partition', '--nodes', '3')
  await demo.printed('the network is cut: n1 n2 | n3')
  demo.signal('SIGINT')
  const { code, lines, errors } = await demo.end()
  expect(errors).toBe('Interrupted by SIGINT; every process has been ended.\n')
  expect(code).toBe(130)
  expect(startedPids(lines)).toHaveLength(3)
  expect(startedPids(lines).filter(isAlive)).toEqual([])
})
