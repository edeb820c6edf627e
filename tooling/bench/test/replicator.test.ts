import { expect, test } from 'vitest'
import { measureReplicator } from '../src/replicator/measure.ts'

test(
  'values of every member are measured, each row with figures',
  { timeout: 120_000 },
  async () => {
    const sizes = {
      writers: 2,
      times: { warmUpMs: 1, measuredMs: 50 },
      followers: [2],
      changes: 3,
      idlers: 2,
      settleMs: 1,
      idleMs: 100,
      keys: 10,
      weighed: 100,
    }
    const told: string[] = []
    const context = { repetitions: 1, progress: (what: string) => void told.push(what) }
    const rows = await measureReplicator(sizes, context)
    expect(told).toContain('a change comes to 2 nodes')
    expect(rows.map(({ what }) => what)).toEqual([
      ...[
        'increment of a counter, local of 2, 1 in flight',
        'add to a set of 1,000, local of 2, 1 in flight',
        'increment of a counter, majority of 2, 1 in flight',
        'increment of a counter, majority of 2, 64 in flight',
        'increment of a counter, majority of 2, 256 in flight',
      ].flatMap((what) => [what, '… wait']),
      'a change of one of 2 → at all, p50',
      'a change of one of 2 → at all, p99',
      ...['idle node of 2 without values', '… with none so far', '… with 10 keys'].flatMap(
        (what) => [`${what}, sent`, `${what}, CPU`],
      ),
      'element of a set of 100, encoded',
      '… in memory',
      'key of 100 counters, in memory',
    ])
    for (const { what, samples } of rows) {
      expect(samples.length, what).toBeGreaterThan(0)
      for (const sample of samples) expect(Number.isFinite(sample), what).toBe(true)
    }
    const encoded = rows.find(({ what }) => what.endsWith('encoded'))
    expect(encoded?.samples[0]).toBeGreaterThan(16) // Each text is in it.
  },
)
