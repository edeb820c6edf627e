// The property for which the disk is made: a log that is written rightly keeps what it acknowledged
// whatever the disk does, and one that is not loses something before long.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DiskFaultKind, DiskFaults } from '../../src/index.ts'
import { Log, type Mistake } from './log.ts'
import { Machine } from './machine.ts'

/** One life of a process: the faults that it meets, what it writes, and how it ends. */
interface Life {
  readonly faults: Partial<DiskFaults>
  readonly lengths: readonly number[]
  readonly end: 'crash' | 'kill'
  /** When the end comes, in milliseconds; operations then under way are cut off. */
  readonly endsAfterMs: number
}

const chance = fc.constantFrom(0, 0, 0.05, 0.3)
const life: fc.Arbitrary<Life> = fc.record({
  faults: fc.record({
    spaceLeftBytes: fc.constantFrom(Infinity, Infinity, 2_000),
    shortWrite: chance,
    writeError: chance,
    syncError: chance,
    readError: chance,
    latencyFactor: fc.constantFrom(1, 1, 10),
    readOnly: fc.constantFrom(false, false, false, false, true),
  }),
  lengths: fc.array(fc.integer({ min: 1, max: 1_500 }), { minLength: 1, maxLength: 8 }),
  end: fc.constantFrom('crash', 'kill'),
  endsAfterMs: fc.integer({ min: 1, max: 60 }),
})
const lives = fc.array(life, { minLength: 1, maxLength: 6 })

/** What a log has promised, and what it must never tell. */
class Promises {
  /** Acknowledged, or told at a start, in order. */
  kept: readonly string[] = []
  #written = 0

  /** Records differ from all before, so that an old one in the place of a new one shows. */
  next(length: number): string {
    this.#written += 1
    return `${this.kept.length}:${this.#written}:`.padEnd(length, 'x')
  }

  /** A loss, a hole or a record out of place, told in words; undefined when all is kept. */
  brokenBy(recovered: readonly string[]): string | undefined {
    const lost = this.kept.findIndex((record, index) => recovered[index] !== record)
    if (lost >= 0) return `record ${lost} of ${this.kept.length} is lost`
    const wrong = recovered.findIndex((record, index) => !record.startsWith(`${index}:`))
    return wrong >= 0 ? `record ${wrong} is not what was written there` : undefined
  }
}

/** What was broken over several lives, if anything, and which faults happened. */
async function run(
  seed: number,
  planned: readonly Life[],
  mistake?: Mistake,
): Promise<[broken: string | undefined, faults: Readonly<Record<DiskFaultKind, number>>]> {
  const machine = new Machine(seed)
  const promises = new Promises()
  const findings: string[] = []
  const lastLife: Life = { faults: {}, lengths: [], end: 'kill', endsAfterMs: 600_000 }
  for (const { faults, lengths, end, endsAfterMs } of [...planned, lastLife]) {
    machine.disk.heal()
    machine.disk.setFaults(faults)
    const living = write(machine, promises, lengths, findings, mistake)
    await machine.clock.advanceAsync(endsAfterMs)
    if (end === 'crash') machine.crash()
    else machine.kill()
    await living
  }
  return [findings[0], machine.disk.faultCounts]
}

/** Opens the log and appends until something fails: then only a new start may go on. */
async function write(
  machine: Machine,
  promises: Promises,
  lengths: readonly number[],
  findings: string[],
  mistake?: Mistake,
): Promise<void> {
  try {
    const log = await Log.open(machine.files, mistake)
    const broken = promises.brokenBy(log.recovered)
    if (broken !== undefined) findings.push(broken)
    promises.kept = log.recovered
    for (const length of lengths) {
      const record = promises.next(length)
      await log.append(record)
      promises.kept = [...promises.kept, record]
    }
  } catch (error) {
    if (!isSystemError(error)) throw error
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

const seed = Number(process.env['CASTY_SEED'] ?? 1)
const numRuns = Number(process.env['CASTY_RUNS'] ?? 300)

describe('a log that syncs what it acknowledges', () => {
  test('recovers every acknowledged record and never a hole, over faults and crashes', async () => {
    const happened = new Map<string, number>()
    const keepsAll = fc.asyncProperty(fc.nat(), lives, async (diskSeed, planned) => {
      const [broken, faults] = await run(diskSeed, planned)
      for (const [kind, count] of Object.entries(faults)) {
        happened.set(kind, (happened.get(kind) ?? 0) + count)
      }
      expect(broken).toBeUndefined()
    })
    await fc.assert(keepsAll, { seed, numRuns })
    const neverHappened = [...happened].filter(([, count]) => count === 0).map(([kind]) => kind)
    expect(neverHappened).toEqual(['bit-flip'])
  })
})

const mistakes: readonly Mistake[] = [
  'no-sync',
  'no-directory-sync',
  'no-copy-at-start',
  'no-checksum',
  'sync-again',
  'short-writes-ignored',
]

test.each(mistakes)(
  'a log with the mistake %s loses something within 200 cases',
  async (mistake) => {
    const keepsAll = fc.asyncProperty(fc.nat(), lives, async (diskSeed, planned) => {
      const [broken] = await run(diskSeed, planned, mistake)
      return broken === undefined
    })
    const { failed } = await fc.check(keepsAll, { seed: 1, numRuns: 200, endOnFailure: true })
    expect(failed).toBe(true)
  },
)
