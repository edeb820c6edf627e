// Zeros are written ahead of the log, and frames over them.
import { seededRandom } from '@casty/clock'
import type { FileJournal } from '@casty/journal-file'
import { expect, test } from 'vitest'
import { append, open, textOf, textsOf } from './kit.ts'
import { frameStarts, logEnd } from './record-at.ts'
import { SimulatedDisk } from './simulated-disk.ts'

const first = '00000001.log'
const large = 'x'.repeat(80_000)

const sizeOf = (disk: SimulatedDisk, name = first): number => disk.inode(name).cached.length

async function appendMany(
  journal: FileJournal,
  id: string,
  texts: readonly string[],
): Promise<void> {
  for (const [at, text] of texts.entries()) await append(journal, id, at, [text])
}

const numbered = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${at} ${'x'.repeat(200)}`)

test('few of many flushes make a file longer', async () => {
  const disk = new SimulatedDisk()
  await using journal = await open(disk)
  const before = disk.growths
  await appendMany(journal, 'id', numbered(1_000))
  // As much again each time: 16 KiB, 32, 64, 128, 256, 512.
  expect(disk.growths - before).toBeLessThanOrEqual(6)
})

test('zeros are at most as many as preallocateBytes', async () => {
  const disk = new SimulatedDisk()
  await using journal = await open(disk, { preallocateBytes: 20_000 })
  for (const [at, text] of numbered(500).entries()) {
    await append(journal, 'id', at, [text])
    expect(sizeOf(disk) - logEnd(disk.inode(first).cached)).toBeLessThanOrEqual(20_000)
  }
})

test('there are none where none are asked for', async () => {
  const disk = new SimulatedDisk()
  await using journal = await open(disk, { preallocateBytes: 0 })
  await appendMany(journal, 'id', numbered(10))
  expect(sizeOf(disk)).toBe(logEnd(disk.inode(first).cached))
})

test('a large frame makes the file as long as itself, over zeros or behind them', async () => {
  const disk = new SimulatedDisk()
  await using journal = await open(disk)
  await append(journal, 'id', 0, ['a'])
  await append(journal, 'id', 1, [large])
  expect(sizeOf(disk)).toBe(logEnd(disk.inode(first).cached))
  expect(await textsOf(journal, 'id')).toEqual(['a', large])
})

test('a file that is closed, or full, ends where its last frame does', async () => {
  const disk = new SimulatedDisk()
  {
    await using journal = await open(disk, { segmentBytes: 20_000 })
    await appendMany(journal, 'id', numbered(150))
  }
  expect(disk.names).toHaveLength(3)
  for (const name of disk.names) expect(sizeOf(disk, name)).toBe(logEnd(disk.inode(name).cached))
})

test('zeros that a crash leaves are no repair, and nothing is written behind them', async () => {
  const disk = new SimulatedDisk()
  await append(await open(disk), 'id', 0, ['a'])
  disk.kill()
  const journal = await open(disk)
  expect(journal.repair).toBeUndefined()
  await append(journal, 'id', 1, ['b'])
  disk.losePower(seededRandom(1))
  expect(await textsOf(await open(disk), 'id')).toEqual(['a', 'b'])
})

test('a log without zeros is gone on with by one that writes them, and the other way round', async () => {
  const disk = new SimulatedDisk()
  for (const [at, preallocateBytes] of [0, 4_096, 0, 1_000_000].entries()) {
    const journal = await open(disk, { preallocateBytes })
    await append(journal, 'id', at, [`${at}`])
    disk.kill()
  }
  expect(await textsOf(await open(disk), 'id')).toEqual(['0', '1', '2', '3'])
})

/** A journal that was killed, with zeros at its end. */
async function killed(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk()
  await appendMany(await open(disk), 'id', ['a', 'b', 'c', 'd'])
  disk.kill()
  return disk
}

test('zeros between frames are damage', async () => {
  const starts = frameStarts((await killed()).inode(first).cached)
  expect(starts).toHaveLength(5) // One more for its opening.
  for (const [index, from] of starts.slice(0, -1).entries()) {
    for (const to of starts.slice(index + 1)) {
      const disk = await killed()
      disk.inode(first).cached.fill(0, from, to)
      await expect(open(disk)).rejects.toMatchObject({ code: 'CASTY_JOURNAL_DAMAGED' })
    }
  }
})

test('zeros in the place of the last frame are what a crash leaves', async () => {
  const disk = await killed()
  const { cached } = disk.inode(first)
  cached.fill(0, frameStarts(cached).at(-1))
  expect(await textsOf(await open(disk), 'id')).toEqual(['a', 'b', 'c'])
})

test('a bit that flips behind the log changes nothing', async () => {
  const { cached } = (await killed()).inode(first)
  const end = logEnd(cached)
  expect(cached.length - end).toBeGreaterThan(15_000)
  for (let at = end; at < cached.length; at += 251) {
    const disk = await killed()
    disk.inode(first).cached[at] = 0x10
    const journal = await open(disk)
    expect(journal.repair).toEqual({ place: `${first} at byte ${end}`, bytes: at + 1 - end })
    expect(await textsOf(journal, 'id')).toEqual(['a', 'b', 'c', 'd'])
  }
})

test.each([
  { what: 'the call fails', fault: (disk: SimulatedDisk) => disk.fail('write', 'ENOSPC') },
  { what: 'the flush fails', fault: (disk: SimulatedDisk) => disk.fail('sync', 'ENOSPC') },
  {
    what: 'less is written',
    fault: (disk: SimulatedDisk) => {
      disk.capacityBytes = sizeOf(disk) + 1_000
    },
  },
])('where there is room for a frame and not for zeros, it is written: $what', async ({ fault }) => {
  const disk = new SimulatedDisk()
  const journal = await open(disk)
  fault(disk)
  await append(journal, 'id', 0, ['a'])
  disk.capacityBytes = Infinity
  await append(journal, 'id', 1, ['b'])
  expect(sizeOf(disk)).toBeLessThan(2_000) // Not tried again before the next file.
  disk.losePower(seededRandom(1))
  const again = await open(disk)
  expect(again.repair).toBeUndefined()
  expect(await textsOf(again, 'id')).toEqual(['a', 'b'])
})

test('whoever reads up to the end finds what is written over the zeros behind it', async () => {
  const disk = new SimulatedDisk()
  await using journal = await open(disk)
  await append(journal, 'id', 0, ['0'])
  const read: string[] = []
  for await (const event of journal.events('id')) {
    read.push(textOf(event))
    if (event.sequenceNr < 20) {
      await append(journal, 'id', event.sequenceNr, [`${event.sequenceNr}`])
    }
  }
  expect(read).toEqual(Array.from({ length: 20 }, (_, at) => `${at}`))
})
