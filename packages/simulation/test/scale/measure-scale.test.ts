import { measureScale, missedTargets, scaleTable, type ScaleReport } from '@casty/simulation'
import { beforeAll, describe, expect, test } from 'vitest'

const options = { nodes: 30, seed: 7, changes: 2, joiners: 5, steadyMs: 6_000 }

/** What follows from the options alone. */
function repeatable({ resources: _resources, ...figures }: ScaleReport): object {
  return figures
}

describe('a cluster of 30 nodes', () => {
  let report: ScaleReport

  beforeAll(async () => {
    report = await measureScale(options)
  }, 120_000)

  test('tells what it sends while nothing happens', () => {
    expect(report.idle?.bytesPerSecondPerNode).toBeGreaterThan(100)
    expect(report.idle?.bytesPerSecondPerNode).toBeLessThan(2_048)
  })

  test('counts the connections of the node that has most', () => {
    expect(report.controlConnections.idle).toBeGreaterThanOrEqual(10)
    expect(report.controlConnections.idle).toBeLessThanOrEqual(12)
  })

  test('tells how long each node took to learn of a change', () => {
    // Each of two members leaves a cluster that has one member less the second time.
    expect(report.changes?.known.count).toBe(29 + 28)
    expect(report.changes).toMatchObject({ unfinished: 0, rejected: 0 })
    expect(report.changes?.known.p50Ms).toBeGreaterThan(0)
    expect(report.changes?.leaderKnows.p50Ms).toBeGreaterThan(report.changes?.known.p50Ms ?? 0)
    expect(report.changes?.gone.maxMs).toBeGreaterThan(report.changes?.leaderKnows.maxMs ?? 0)
  })

  test('tells when all joiners were up everywhere', () => {
    expect(report.joins).toMatchObject({ joiners: 5, unfinished: 0, allUp: { count: 28 + 5 } })
  })

  test('finds nobody unreachable for loss up to a tenth, or for stalls', () => {
    expect(report.loss.map(({ probability }) => probability)).toEqual([0, 0.1, 0.3])
    expect(report.loss.slice(0, 2).map(({ subjects }) => subjects)).toEqual([0, 0])
    expect(report.stalls).toMatchObject({ subjects: 0, stalls: 3 })
  })

  test('tells when the survivors agreed on who is dead', () => {
    expect(report.frozen).toMatchObject({ dead: 7, unfinished: 0, agreed: { count: 26 } })
    expect(report.killed).toMatchObject({ unfinished: 0 })
    expect(report.killed?.agreed.p50Ms).toBeLessThan(report.frozen?.agreed.p50Ms ?? 0)
  })

  test('does the same again from the same seed', async () => {
    expect(repeatable(await measureScale(options))).toEqual(repeatable(report))
  }, 120_000)

  test('is shown as a table with a column for each size', () => {
    const lines = scaleTable([report, report]).split('\n')
    expect(lines[0]).toMatch(/^\|.*\| +30 nodes \| +30 nodes \|$/)
    expect(lines).toContainEqual(expect.stringMatching(/^\| idle, B\/s per node +\| +[\d.]+ \|/))
  })

  test('names what is missed of that which is wanted', () => {
    const idle = { virtualMs: 1_000, bytesPerSecondPerNode: 3_000, writesPerSecondPerNode: 1 }
    const missed = missedTargets([{ ...report, idle }])
    expect(missed).toContainEqual({
      nodes: 30,
      name: 'idle B/s per node',
      most: 2_048,
      found: 3_000,
    })
  })
})

test('leaves out phases that are not asked for', async () => {
  const report = await measureScale({
    ...options,
    nodes: 5,
    without: [
      'changes',
      'joins',
      'loss-0',
      'loss-10',
      'loss-30',
      'frozen',
      'stalls',
      'aged-changes',
      'killed',
    ],
  })
  expect(report).toMatchObject({
    changes: undefined,
    joins: undefined,
    loss: [],
    killed: undefined,
  })
})
