// Synced appends of 256-byte events, alone and with 64 writers, against as many writers that hand their bytes to
// one who writes all that wait and calls fdatasync, and against that alone, without writers; then the reading of
// many events. Rounds take turns, so that all meet the same load.
//
//   node --conditions=@casty/source packages/journal-file/bench/appends.ts [seconds] [events]
import { fdatasync, openSync, write } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFileJournal } from '@casty/journal-file'
import type { EventJournal } from '@casty/persistence'

const seconds = Number(process.argv[2] ?? 4)
const events = Number(process.argv[3] ?? 1_000_000)
const roundMs = 100
const record = { manifest: 'bench', version: 1, timestamp: 0, bytes: new Uint8Array(256).fill(7) }

const directory = await mkdtemp(join(tmpdir(), 'casty-journal-bench-'))
try {
  const appends = [await compare(1), await compare(64)]
  console.log(JSON.stringify({ node: process.version, appends, reading: await reading() }, null, 2))
} finally {
  await rm(directory, { recursive: true })
}

async function compare(writers: number): Promise<unknown> {
  const descriptor = openSync(join(directory, `bare-${writers}`), 'w')
  await using journal = await openFileJournal({ directory: join(directory, `journal-${writers}`) })
  const numbers = Array.from({ length: writers }, () => 0)
  const latencies: number[] = []
  const ways = {
    blocks: (endMs: number) => bareBlocks(descriptor, writers, endMs),
    bare: (endMs: number) => bareWriters(descriptor, writers, endMs),
    journal: (endMs: number) => journalAppends(journal, numbers, latencies, endMs),
  }
  const perSecond = { blocks: 0, bare: 0, journal: 0 }
  const rounds = Math.ceil((seconds * 1_000) / roundMs / 6)
  const ratios: number[] = []
  for (let round = 0; round < rounds; round++) {
    const rates = {
      blocks: await rateOf(ways.blocks),
      bare: await rateOf(ways.bare),
      journal: await rateOf(ways.journal),
    }
    perSecond.blocks += rates.blocks / rounds
    perSecond.bare += rates.bare / rounds
    perSecond.journal += rates.journal / rounds
    ratios.push(rates.journal / rates.bare)
  }
  latencies.sort((left, right) => left - right)
  ratios.sort((left, right) => left - right)
  return {
    writers,
    blocksPerSecond: Math.round(perSecond.blocks),
    barePerSecond: Math.round(perSecond.bare),
    journalPerSecond: Math.round(perSecond.journal),
    ratio: round(perSecond.journal / perSecond.bare),
    medianRatio: round(ratios[ratios.length >> 1] ?? 0),
    p50Ms: round(latencies[latencies.length >> 1] ?? 0),
    p99Ms: round(latencies[Math.floor(latencies.length * 0.99)] ?? 0),
  }
}

/** Per second. */
async function rateOf(work: (endMs: number) => Promise<number>): Promise<number> {
  const startMs = performance.now()
  const count = await work(startMs + roundMs)
  return (count / (performance.now() - startMs)) * 1_000
}

/** As many records as there are writers, in one write and one flush, again and again. */
async function bareBlocks(descriptor: number, writers: number, endMs: number): Promise<number> {
  const bytes = new Uint8Array(record.bytes.length * writers).fill(7)
  let count = 0
  for (; performance.now() < endMs; count += writers) await writeAndFlush(descriptor, bytes)
  return count
}

/** Writers that each wait for a flush, which they share. */
async function bareWriters(descriptor: number, writers: number, endMs: number): Promise<number> {
  let waiting: (() => void)[] = []
  let isRunning = false
  const flushAll = async (): Promise<void> => {
    isRunning = true
    await new Promise((resolve) => process.nextTick(resolve))
    while (waiting.length > 0) {
      const group = waiting
      waiting = []
      await writeAndFlush(descriptor, Buffer.concat(group.map(() => record.bytes)))
      for (const resolve of group) resolve()
      await new Promise((resolve) => process.nextTick(resolve))
    }
    isRunning = false
  }
  let count = 0
  const write = async (): Promise<void> => {
    for (; performance.now() < endMs; count++) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
        if (!isRunning) void flushAll()
      })
    }
  }
  await Promise.all(Array.from({ length: writers }, write))
  return count
}

async function writeAndFlush(descriptor: number, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    write(descriptor, bytes, (error) => (error ? reject(error) : resolve()))
  })
  await new Promise<void>((resolve, reject) => {
    fdatasync(descriptor, (error) => (error ? reject(error) : resolve()))
  })
}

/** Each writer appends one event after another. */
async function journalAppends(
  journal: EventJournal,
  numbers: number[],
  latencies: number[],
  endMs: number,
): Promise<number> {
  let count = 0
  const write = async (writer: number): Promise<void> => {
    for (let now = performance.now(); now < endMs;) {
      const expectedSequenceNr = numbers[writer] ?? 0
      await journal.append(`writer-${writer}`, { epoch: 1, expectedSequenceNr, events: [record] })
      numbers[writer] = expectedSequenceNr + 1
      count++
      const then = now
      now = performance.now()
      latencies.push(now - then)
    }
  }
  await Promise.all(numbers.map((_, writer) => write(writer)))
  return count
}

async function reading(): Promise<unknown> {
  const folder = join(directory, 'reading')
  {
    await using journal = await openFileJournal({ directory: folder })
    const batch = Array.from({ length: 5_000 }, () => record)
    for (let at = 0; at < events; at += batch.length) {
      await journal.append('id', { epoch: 1, expectedSequenceNr: at, events: batch })
    }
  }
  const startMs = performance.now()
  await using journal = await openFileJournal({ directory: folder })
  const openMs = performance.now() - startMs
  const before = process.memoryUsage()
  let most = before.rss
  let count = 0
  for await (const event of journal.events('id')) {
    if (event.sequenceNr % 50_000 === 0) most = Math.max(most, process.memoryUsage().rss)
    count++
  }
  const readMs = performance.now() - startMs - openMs
  return {
    events: count,
    openMs: Math.round(openMs),
    readMs: Math.round(readMs),
    rssGrowthMiB: Math.round((most - before.rss) / 2 ** 20),
    heapAfterOpenMiB: Math.round(before.heapUsed / 2 ** 20),
  }
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000
}
