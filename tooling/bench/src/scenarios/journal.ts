import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFileJournal } from '@casty/journal-file'
import { interleave } from '../interleave.ts'
import { readAll, writeMany } from '../journal/reading.ts'
import { bareWriters, journalWriters } from '../journal/writers.ts'
import type { Row, Scenario } from '../scenario.ts'

/** Short, and many of them: a pause of the disk then spoils one pair of samples, not all. */
const sampleMs = 50
const samplesPerRepetition = 10
const warmUpMs = 500
const events = 1_000_000

/** What the journal in files takes in and gives out, beside bare flushes. */
export const scenario: Scenario = {
  name: 'journal',
  description: 'synced appends alone and with 64 writers, and recovery of 1,000,000 events',
  async run({ repetitions, progress }) {
    const directory = await mkdtemp(join(tmpdir(), 'casty-bench-journal-'))
    try {
      const rows: Row[] = []
      for (const writers of [1, 64]) {
        progress(writers === 1 ? 'one writer' : `${writers} writers`)
        rows.push(...(await appends(directory, writers, repetitions)))
      }
      progress('recovery')
      rows.push(...(await recovery(join(directory, 'recovery'), repetitions)))
      return { title: 'Journal in files', rows, notes }
    } finally {
      await rm(directory, { recursive: true })
    }
  },
}

const notes = [
  'Bare: as many writers, that share a write and fdatasync of 256 bytes each and nothing else.',
  'Without zeros ahead (preallocateBytes: 0), each flush makes the file longer, as those of the bare writers do.',
  'All wait for as many flushes. Where a flush takes little, what is left of the ratio is work per event.',
]

async function appends(
  directory: string,
  count: number,
  repetitions: number,
): Promise<readonly Row[]> {
  await using journal = await openFileJournal({ directory: join(directory, `journal-${count}`) })
  await using longer = await openFileJournal({
    directory: join(directory, `longer-${count}`),
    preallocateBytes: 0,
  })
  using bare = bareWriters(join(directory, `bare-${count}`), count)
  const own = journalWriters(journal, count)
  const without = journalWriters(longer, count)
  for (const one of [bare, own, without]) {
    await one.run(warmUpMs) // Compiles it.
    one.latenciesMs.length = 0
  }
  const samples = await interleave(repetitions * samplesPerRepetition, {
    bare: async () => await bare.run(sampleMs),
    own: async () => await own.run(sampleMs),
    without: async () => await without.run(sampleMs),
  })
  const what = count === 1 ? 'one writer' : `${count} writers`
  const reference = { name: 'bare fdatasync', samples: samples.bare }
  return [
    { what: `appends, ${what}`, unit: '/s', samples: samples.own, reference, wanted: '≥ 0.8' },
    { what: `… without zeros ahead`, unit: '/s', samples: samples.without, reference },
    { what: `wait, ${what}`, unit: 'ms', samples: own.latenciesMs },
    { what: `… without zeros ahead`, unit: 'ms', samples: without.latenciesMs },
    { what: `wait of bare, ${what}`, unit: 'ms', samples: bare.latenciesMs },
    { what: `wait, ${what}, p99`, unit: 'ms', samples: own.latenciesMs, percentile: 99 },
    { what: `wait of bare, ${what}, p99`, unit: 'ms', samples: bare.latenciesMs, percentile: 99 },
  ]
}

async function recovery(directory: string, repetitions: number): Promise<readonly Row[]> {
  await writeMany(directory, events)
  const readings = []
  for (let round = 0; round < repetitions; round++) readings.push(await readAll(directory))
  const what = events.toLocaleString('en-US')
  return [
    { what: `open with ${what} events`, unit: 'ms', samples: readings.map((one) => one.openMs) },
    { what: `read ${what} events`, unit: 'ms', samples: readings.map((one) => one.readMs) },
    { what: 'memory while reading', unit: 'MiB', samples: readings.map((one) => one.growthMiB) },
  ]
}
