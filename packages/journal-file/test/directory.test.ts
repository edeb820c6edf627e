// On real files.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileJournalDefaults, openFileJournal, type FileJournalOptions } from '@casty/journal-file'
import { journalLimitDefaults } from '@casty/persistence'
import { expect, test } from 'vitest'
import { append, textsOf } from './kit.ts'

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'casty-journal-'))
  try {
    await work(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

test('a directory is made where there is none', async () => {
  await inDirectory(async (parent) => {
    const directory = join(parent, 'of', 'events')
    {
      await using journal = await openFileJournal({ directory })
      await append(journal, 'id', 0, ['a'])
    }
    await using journal = await openFileJournal({ directory })
    expect(await textsOf(journal, 'id')).toEqual(['a'])
  })
})

test('one journal at a time has a directory', async () => {
  await inDirectory(async (directory) => {
    const first = await openFileJournal({ directory })
    await expect(openFileJournal({ directory })).rejects.toMatchObject({
      code: 'CASTY_JOURNAL_UNAVAILABLE',
      outcome: 'nothing-written',
      message: expect.stringContaining('another journal has open'),
    })
    await append(first, 'id', 0, ['a'])
    await first[Symbol.asyncDispose]()
    await using second = await openFileJournal({ directory })
    expect(await textsOf(second, 'id')).toEqual(['a'])
  })
})

test('other files of a directory are left alone', async () => {
  await inDirectory(async (directory) => {
    await writeFile(join(directory, 'notes.txt'), 'mine')
    await writeFile(join(directory, '1.log'), 'mine')
    {
      await using journal = await openFileJournal({ directory })
      await append(journal, 'id', 0, ['a'])
    }
    expect(await readFile(join(directory, 'notes.txt'), 'utf8')).toBe('mine')
    expect((await readdir(directory)).toSorted()).toEqual([
      '00000001.log',
      '1.log',
      'lock',
      'notes.txt',
    ])
  })
})

test('a directory that is a file cannot be opened', async () => {
  await inDirectory(async (parent) => {
    const directory = join(parent, 'file')
    await writeFile(directory, '')
    await expect(openFileJournal({ directory })).rejects.toMatchObject({
      code: 'CASTY_JOURNAL_UNAVAILABLE',
    })
  })
})

test('files are begun as segmentBytes says, and removed when nothing in them is wanted', async () => {
  await inDirectory(async (directory) => {
    await using journal = await openFileJournal({ directory, segmentBytes: 4_096 })
    const logs = async (): Promise<number> =>
      (await readdir(directory)).filter((name) => name.endsWith('.log')).length
    for (let at = 0; at < 20; at++) await append(journal, 'id', at, ['x'.repeat(3_000)])
    expect(await logs()).toBe(10)
    await journal.deleteEvents('id', 19)
    await journal[Symbol.asyncDispose]()
    // It goes on where it was ended.
    await using again = await openFileJournal({ directory, segmentBytes: 4_096 })
    for (let at = 20; at < 40; at++) {
      await append(again, 'id', at, ['y'])
      await again.deleteEvents('id', at)
    }
    expect(await logs()).toBeLessThan(10)
    expect(await textsOf(again, 'id')).toEqual(['y'])
  })
})

// What plain JavaScript may pass.
const wrong: readonly { readonly what: string; readonly options: object }[] = [
  { what: 'directory', options: {} },
  { what: 'directory', options: { directory: '' } },
  { what: 'folder', options: { directory: 'x', folder: 'y' } },
  { what: 'segmentBytes', options: { directory: 'x', segmentBytes: 100 } },
  { what: 'segmentBytes', options: { directory: 'x', segmentBytes: 2 ** 31 } },
  { what: 'preallocateBytes', options: { directory: 'x', preallocateBytes: -1 } },
  { what: 'preallocateBytes', options: { directory: 'x', preallocateBytes: 2 ** 25 } },
  { what: 'maxWaitingBytes', options: { directory: 'x', maxWaitingBytes: 0 } },
  { what: 'limits.maxIdBytes', options: { directory: 'x', limits: { maxIdBytes: 70_000 } } },
  { what: 'maxIds', options: { directory: 'x', limits: { maxIds: 1 } } },
]

test.each(wrong)('a wrong option is refused by its name: $what', async ({ what, options }) => {
  // Wrong on purpose, as its type would tell.
  await expect(openFileJournal(options as FileJournalOptions)).rejects.toMatchObject({
    code: 'CASTY_JOURNAL_INVALID',
    message: expect.stringContaining(what),
  })
})

test('defaults are as documented', async () => {
  expect(fileJournalDefaults).toEqual({
    segmentBytes: 67_108_864,
    preallocateBytes: 1_048_576,
    maxWaitingBytes: 268_435_456,
  })
  await inDirectory(async (directory) => {
    await using journal = await openFileJournal({ directory })
    expect(journal.limits).toEqual(journalLimitDefaults)
  })
})
