import { seededRandom } from '@casty/clock'
import type { FileJournal } from '@casty/journal-file'
import { isJournalError } from '@casty/persistence'
import { expect, test } from 'vitest'
import { append, open, record, textOf, textsOf } from './kit.ts'
import { logEnd, recordAt } from './record-at.ts'
import { SimulatedDisk } from './simulated-disk.ts'

const damaged = { code: 'CASTY_JOURNAL_DAMAGED' }

function flip(disk: SimulatedDisk, name: string, at: number): void {
  const bytes = disk.inode(name).cached
  bytes[at] = (bytes[at] ?? 0) ^ 0x04
}

/** A place in the record of an event. */
function placeOf(disk: SimulatedDisk, name: string, sequenceNr: number): number {
  const at = recordAt(disk.inode(name).cached, sequenceNr, 'event')
  if (at === undefined) throw new Error(`no event ${sequenceNr} in ${name}`)
  return at
}

async function writeSome(journal: FileJournal): Promise<void> {
  await append(journal, 'a', 0, ['a1', 'a2', 'a3'])
  await Promise.all([append(journal, 'a', 3, ['a4']), append(journal, 'b', 0, ['b1', 'b2'])])
  await journal.saveSnapshot('a', { ...record('up to a3'), sequenceNr: 3 })
  await journal.claim('c', 4)
  await journal.deleteEvents('a', 1)
  await append(journal, 'b', 2, ['b3'])
}

/** All that a journal tells, with errors in their places. */
async function contents(disk: SimulatedDisk, segmentBytes: number): Promise<unknown> {
  const told = async (call: Promise<unknown>): Promise<unknown> => {
    try {
      return await call
    } catch (error) {
      if (isJournalError(error) && error.code === damaged.code) return damaged.code
      throw error
    }
  }
  const whole = await told(
    (async () => {
      await using journal = await open(disk, { segmentBytes })
      return {
        a: await told(textsOf(journal, 'a')),
        b: await told(textsOf(journal, 'b')),
        snapshot: await told(journal.latestSnapshot('a').then((found) => found && textOf(found))),
        heads: await Promise.all(['a', 'b', 'c'].map((id) => journal.highest(id))),
      }
    })(),
  )
  return whole
}

test.each([
  { what: 'one file', segmentBytes: 1_000_000, isKilled: false },
  { what: 'one file, with zeros behind the log', segmentBytes: 1_000_000, isKilled: true },
  { what: 'several files', segmentBytes: 4_096, isKilled: false },
])(
  'whichever bit flips, all is as it was or the damage is told: $what',
  async ({ segmentBytes, isKilled }) => {
    const sound = new SimulatedDisk()
    const journal = await open(sound, { segmentBytes })
    await writeSome(journal)
    if (segmentBytes < 10_000) await append(journal, 'b', 3, ['x'.repeat(4_000)])
    if (segmentBytes < 10_000) await append(journal, 'b', 4, ['b5'])
    if (isKilled) {
      // Damage in the last frame is taken for the work of the crash.
      await append(journal, 'last', 0, ['x'])
      sound.kill()
    } else {
      await journal[Symbol.asyncDispose]()
    }
    const expected = await contents(copyOf(sound), segmentBytes)
    for (const name of sound.names) {
      const size = sound.inode(name).cached.length
      // All of the small parts, and some of the large event.
      for (let at = 0; at < size; at += size > 3_000 && at > 1_200 && at < size - 500 ? 97 : 1) {
        const disk = copyOf(sound)
        flip(disk, name, at)
        expect(soundParts(await contents(disk, segmentBytes), expected)).toBe(true)
      }
    }
  },
)

/** Whether each part is as expected, or told to be damaged. */
function soundParts(found: unknown, expected: unknown): boolean {
  if (found === damaged.code) return true
  // Made by `contents`, as both are.
  const parts = Object.entries(found as Readonly<Record<string, unknown>>)
  const wanted = expected as Readonly<Record<string, unknown>>
  return parts.every(([part, value]) => {
    return value === damaged.code || JSON.stringify(value) === JSON.stringify(wanted[part])
  })
}

function copyOf(disk: SimulatedDisk): SimulatedDisk {
  const copy = new SimulatedDisk()
  for (const name of disk.names) copy.put(name, disk.inode(name).cached)
  return copy
}

test('damage is told with whose it is, which event, and where', async () => {
  const disk = new SimulatedDisk()
  {
    await using journal = await open(disk)
    await append(journal, 'a', 0, ['a1', 'a2', 'a3'])
  }
  flip(disk, '00000001.log', placeOf(disk, '00000001.log', 2))
  await using journal = await open(disk)
  await expect(textsOf(journal, 'a')).rejects.toMatchObject({
    ...damaged,
    id: 'a',
    sequenceNr: 2,
    place: expect.stringMatching(/^00000001\.log at byte \d+$/),
  })
})

test('damage of one id is nothing to others, and what is damaged can be written on', async () => {
  const disk = new SimulatedDisk()
  {
    await using journal = await open(disk)
    await Promise.all([append(journal, 'a', 0, ['a1', 'a2']), append(journal, 'b', 0, ['b1'])])
  }
  flip(disk, '00000001.log', placeOf(disk, '00000001.log', 2))
  await using journal = await open(disk)
  await append(journal, 'b', 1, ['b2'])
  await append(journal, 'a', 2, ['a3'])
  expect(await textsOf(journal, 'b')).toEqual(['b1', 'b2'])
  await expect(textsOf(journal, 'a')).rejects.toMatchObject({ ...damaged, sequenceNr: 2 })
  await journal.deleteEvents('a', 2)
  expect(await textsOf(journal, 'a')).toEqual(['a3'])
})

test('a file with damage is kept, however much of the log is deleted', async () => {
  const disk = new SimulatedDisk()
  const options = { segmentBytes: 4_096 }
  {
    await using journal = await open(disk, options)
    await append(journal, 'a', 0, ['a1', 'x'.repeat(4_096)])
    await append(journal, 'b', 0, ['b1'])
  }
  flip(disk, '00000001.log', placeOf(disk, '00000001.log', 1))
  await using journal = await open(disk, options)
  for (let at = 1; at < 30; at++) {
    await append(journal, 'b', at, ['x'.repeat(2_000)])
    await journal.deleteEvents('b', at)
  }
  expect(disk.names).toContain('00000001.log')
  await expect(textsOf(journal, 'a')).rejects.toMatchObject({ ...damaged, sequenceNr: 1 })
})

test('a file that is missing between others is told', async () => {
  const disk = new SimulatedDisk()
  {
    await using journal = await open(disk, { segmentBytes: 4_096 })
    for (let at = 0; at < 6; at++) await append(journal, 'a', at, ['x'.repeat(3_000)])
  }
  await disk.files.remove('00000002.log')
  await expect(open(disk)).rejects.toMatchObject({
    ...damaged,
    message: expect.stringContaining('00000002.log'),
  })
})

test('what a crash left unfinished is cut off, and told', async () => {
  const disk = new SimulatedDisk()
  const journal = await open(disk)
  await append(journal, 'a', 0, ['a1'])
  disk.kill()
  const { cached } = disk.inode('00000001.log')
  const whole = logEnd(cached)
  expect(whole).toBeLessThan(cached.length) // Over zeros that were written ahead.
  cached.set(Buffer.alloc(100, 7), whole)
  disk.put('00000001.log', cached)
  const again = await open(disk)
  expect(again.repair).toEqual({ place: `00000001.log at byte ${whole}`, bytes: 100 })
  await append(again, 'a', 1, ['a2'])
  disk.losePower(seededRandom(1))
  const last = await open(disk)
  expect(last.repair).toBeUndefined()
  expect(await textsOf(last, 'a')).toEqual(['a1', 'a2'])
})

test('events that hold a copy of the log itself are not taken for it', async () => {
  const disk = new SimulatedDisk()
  const journal = await open(disk)
  await append(journal, 'a', 0, ['a1'])
  const { cached: before } = disk.inode('00000001.log')
  const copy = before.slice(0, logEnd(before))
  const events = [{ ...record(''), bytes: copy }]
  await journal.append('a', { epoch: 1, expectedSequenceNr: 1, events })
  disk.kill()
  // As if the last frame, with the copy in it, had not come to its end.
  const { cached } = disk.inode('00000001.log')
  cached[logEnd(cached) - 1] = 0
  expect(await textsOf(await open(disk), 'a')).toEqual(['a1'])
})

test.each([
  { what: 'another format', at: 8 },
  { what: 'no log at all', at: 0 },
])('a file of $what is left as it is', async ({ at }) => {
  const disk = new SimulatedDisk()
  {
    await using journal = await open(disk)
    await append(journal, 'a', 0, ['a1'])
  }
  flip(disk, '00000001.log', at)
  const before = disk.inode('00000001.log').cached
  await expect(open(disk)).rejects.toMatchObject(damaged)
  expect(disk.inode('00000001.log').cached).toEqual(before)
})
