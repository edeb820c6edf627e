// Appends of 256-byte events, alone, with 64 writers and in batches, against as many inserts of the same bytes into
// a table with a primary key, by the same driver over as many connections; then the reading of many events. The
// server waits for its disk. Rounds take turns, so that all meet the same load.
//
//   node --conditions=@casty/source packages/journal-postgres/bench/appends.ts [seconds] [events]
import { Pool } from 'pg'
import { postgresJournal } from '@casty/journal-postgres'
import type { EventJournal } from '@casty/persistence'
import { postgresPrograms, PostgresServer } from '../../../tooling/postgres/index.ts'

const seconds = Number(process.argv[2] ?? 4)
const events = Number(process.argv[3] ?? 100_000)
const roundMs = 100
const connections = 10
const record = { manifest: 'bench', version: 1, timestamp: 0, bytes: new Uint8Array(256).fill(7) }

const programs = await postgresPrograms()
if ('missing' in programs) throw new Error(programs.missing)
{
  await using server = await PostgresServer.start(programs, { fsync: 'on' })
  const connectionString = server.connectionString()
  await using journal = postgresJournal({ connectionString, maxConnections: connections })
  await journal.ensureTables()
  const pool = new Pool({ connectionString, max: connections })
  pool.on('error', () => {}) // The server ends before it.
  await pool.query(
    'CREATE TABLE bare (writer int, number bigint, bytes bytea, PRIMARY KEY (writer, number))',
  )
  const appends = []
  for (const [writers, batch] of [
    [1, 1],
    [64, 1],
    [1, 100],
    [1, 1_000],
  ] as const) {
    appends.push(await compare(journal, pool, writers, batch))
  }
  await pool.end()
  console.log(
    JSON.stringify({ node: process.version, appends, reading: await reading(journal) }, null, 2),
  )
}

async function compare(
  journal: EventJournal,
  pool: Pool,
  writers: number,
  batch: number,
): Promise<unknown> {
  const numbers = Array.from({ length: writers }, () => 0)
  const bareNumbers = Array.from({ length: writers }, () => 0)
  const latencies: number[] = []
  const rounds = Math.ceil((seconds * 1_000) / roundMs / 8)
  const perSecond = { bare: 0, journal: 0 }
  for (let round = 0; round < rounds; round++) {
    perSecond.bare += (await rateOf((endMs) => inserts(pool, bareNumbers, batch, endMs))) / rounds
    perSecond.journal +=
      (await rateOf((endMs) => journalAppends(journal, numbers, batch, latencies, endMs))) / rounds
  }
  latencies.sort((left, right) => left - right)
  return {
    writers,
    batch,
    barePerSecond: Math.round(perSecond.bare),
    journalPerSecond: Math.round(perSecond.journal),
    ratio: rounded(perSecond.journal / perSecond.bare),
    p50Ms: rounded(latencies[latencies.length >> 1] ?? 0),
    p99Ms: rounded(latencies[Math.floor(latencies.length * 0.99)] ?? 0),
  }
}

/** Events per second. */
async function rateOf(work: (endMs: number) => Promise<number>): Promise<number> {
  const startMs = performance.now()
  const count = await work(startMs + roundMs)
  return (count / (performance.now() - startMs)) * 1_000
}

/** Rows without a condition, by a statement that is prepared. */
async function inserts(
  pool: Pool,
  numbers: number[],
  batch: number,
  endMs: number,
): Promise<number> {
  let count = 0
  const text = `INSERT INTO bare SELECT $1, $2 + place, $3
    FROM generate_series(1, $4::int) AS rows (place)`
  const insert = async (_: number, writer: number): Promise<void> => {
    const key = numbers.length * 10_000 + batch * 100 + writer
    while (performance.now() < endMs) {
      const values = [key, numbers[writer], record.bytes, batch]
      await pool.query({ name: 'bare', text, values })
      numbers[writer] = (numbers[writer] ?? 0) + batch
      count += batch
    }
  }
  await Promise.all(numbers.map(insert))
  return count
}

async function journalAppends(
  journal: EventJournal,
  numbers: number[],
  batch: number,
  latencies: number[],
  endMs: number,
): Promise<number> {
  let count = 0
  const records = Array.from({ length: batch }, () => record)
  const append = async (_: number, writer: number): Promise<void> => {
    while (performance.now() < endMs) {
      const startMs = performance.now()
      const expectedSequenceNr = numbers[writer] ?? 0
      const id = `${numbers.length} ${batch} ${writer}`
      await journal.append(id, { epoch: 1, expectedSequenceNr, events: records })
      numbers[writer] = expectedSequenceNr + batch
      latencies.push(performance.now() - startMs)
      count += batch
    }
  }
  await Promise.all(numbers.map(append))
  return count
}

/** Of one id, from its first event to its last. */
async function reading(journal: EventJournal): Promise<unknown> {
  const batch = Array.from({ length: 5_000 }, () => record)
  for (let written = 0; written < events; written += batch.length) {
    await journal.append('long', { epoch: 1, expectedSequenceNr: written, events: batch })
  }
  const startMs = performance.now()
  let count = 0
  let mostHeapBytes = 0
  for await (const { sequenceNr } of journal.events('long')) {
    count++
    if (sequenceNr % 10_000 === 0) {
      mostHeapBytes = Math.max(mostHeapBytes, process.memoryUsage().heapUsed)
    }
  }
  const perSecond = Math.round(count / ((performance.now() - startMs) / 1_000))
  return { events: count, perSecond, mostHeapMib: Math.round(mostHeapBytes / 1024 / 1024) }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
