import { seededRandom } from '@casty/clock'
import { expect, test } from 'vitest'
import { append, open, outcomes, record, textOf, textsOf } from './kit.ts'
import { SimulatedDisk } from './simulated-disk.ts'

const long = 'x'.repeat(2_000)

test('all who ask in one turn share one flush', async () => {
  const disk = new SimulatedDisk()
  await using journal = await open(disk)
  await append(journal, 'first', 0, ['a'])
  const before = disk.flushes
  await Promise.all(
    Array.from({ length: 64 }, (_, index) => append(journal, `id-${index}`, 0, ['a'])),
  )
  expect(disk.flushes - before).toBe(1)
})

test('those who ask while a flush is under way share the next one', async () => {
  const disk = new SimulatedDisk()
  await using journal = await open(disk)
  await append(journal, 'first', 0, ['a'])
  const before = disk.flushes
  const writers = Array.from({ length: 32 }, async (_, index) => {
    for (let round = 0; round < 10; round++) await append(journal, `id-${index}`, round, ['a'])
  })
  await Promise.all(writers)
  expect(disk.flushes - before).toBe(10)
})

test('one writer may ask for much at once, without waiting', async () => {
  const disk = new SimulatedDisk()
  await using journal = await open(disk)
  await Promise.all(Array.from({ length: 50 }, (_, at) => append(journal, 'id', at, [`${at}`])))
  expect(await textsOf(journal, 'id')).toEqual(Array.from({ length: 50 }, (_, at) => `${at}`))
})

test('a write that is cut short is gone on with', async () => {
  const disk = new SimulatedDisk()
  disk.mostBytesPerWrite = 100
  {
    await using journal = await open(disk)
    await append(journal, 'id', 0, [long, 'b'])
  }
  disk.losePower(seededRandom(1))
  expect(await textsOf(await open(disk), 'id')).toEqual([long, 'b'])
})

test.each(['ENOSPC', 'EDQUOT', 'EFBIG'])(
  'a disk that is full in the middle of a write is told as such, and goes on (%s)',
  async (code) => {
    const disk = new SimulatedDisk()
    const journal = await open(disk)
    await append(journal, 'id', 0, ['a'])
    disk.fail('write', code, { share: 0.7 })
    await expect(append(journal, 'id', 1, [long])).rejects.toMatchObject({
      code: 'CASTY_JOURNAL_FULL',
      outcome: 'nothing-written',
    })
    await append(journal, 'id', 1, ['b'])
    disk.losePower(seededRandom(1))
    const again = await open(disk)
    expect(again.repair).toBeUndefined()
    expect(await textsOf(again, 'id')).toEqual(['a', 'b'])
  },
)

test('where all do not fit together, those are written that fit', async () => {
  const disk = new SimulatedDisk()
  await using journal = await open(disk, { preallocateBytes: 0 })
  await append(journal, 'first', 0, ['a'])
  disk.capacityBytes = disk.inode('00000001.log').cached.length + 1_000
  const calls = [
    append(journal, 'small', 0, ['a']),
    append(journal, 'large', 0, [long]),
    append(journal, 'large', 1, ['after the large one']),
    append(journal, 'other', 0, ['b']),
  ]
  const full = 'CASTY_JOURNAL_FULL'
  expect(await outcomes(calls)).toEqual(['written', full, 'CASTY_JOURNAL_FENCED', 'written'])
  disk.capacityBytes = Infinity
  expect(await textsOf(journal, 'small')).toEqual(['a'])
  expect(await textsOf(journal, 'large')).toEqual([])
})

test.each(['write', 'sync'] as const)(
  'a %s that fails is taken back, and what waits is tried on',
  async (operation) => {
    const disk = new SimulatedDisk()
    const journal = await open(disk)
    await append(journal, 'id', 0, ['a'])
    disk.fail(operation, 'EIO', { share: 1 })
    await expect(append(journal, 'id', 1, ['b'])).rejects.toMatchObject({
      code: 'CASTY_JOURNAL_UNAVAILABLE',
      outcome: 'nothing-written',
      cause: { code: 'EIO' },
    })
    expect(await textsOf(journal, 'id')).toEqual(['a'])
    await append(journal, 'id', 1, ['c'])
    disk.kill()
    expect(await textsOf(await open(disk), 'id')).toEqual(['a', 'c'])
  },
)

test('whoever was refused for the sake of a write that failed is asked again', async () => {
  const disk = new SimulatedDisk()
  await using journal = await open(disk)
  disk.fail('write', 'EIO')
  const calls = [append(journal, 'id', 0, ['a']), append(journal, 'id', 0, ['b'])]
  expect(await outcomes(calls)).toEqual(['CASTY_JOURNAL_UNAVAILABLE', 'written'])
  expect(await textsOf(journal, 'id')).toEqual(['b'])
})

test('a write that cannot be taken back has an outcome nobody knows, and is the last', async () => {
  const disk = new SimulatedDisk()
  const journal = await open(disk)
  await append(journal, 'id', 0, ['a'])
  disk.fail('sync', 'EIO')
  disk.fail('truncate', 'EIO')
  const unavailable = { code: 'CASTY_JOURNAL_UNAVAILABLE' }
  await expect(append(journal, 'id', 1, ['b'])).rejects.toMatchObject({
    ...unavailable,
    outcome: 'unknown',
  })
  await expect(append(journal, 'id', 1, ['c'])).rejects.toMatchObject({
    ...unavailable,
    outcome: 'nothing-written',
  })
  expect(await textsOf(journal, 'id')).toEqual(['a'])
  await journal[Symbol.asyncDispose]()
  const again = await open(disk)
  const { sequenceNr } = await again.highest('id')
  expect(await textsOf(again, 'id')).toEqual(['a', 'b'].slice(0, sequenceNr))
  await append(again, 'id', sequenceNr, ['d'])
})

test.each(['create', 'write', 'sync', 'directory'] as const)(
  'a file that cannot be begun for want of room (%s) leaves no trace',
  async (operation) => {
    const disk = new SimulatedDisk()
    const journal = await open(disk, { segmentBytes: 4_096 })
    await append(journal, 'id', 0, [long, long, long])
    disk.fail(operation, 'ENOSPC', { share: 0 })
    await expect(append(journal, 'id', 3, ['b'])).rejects.toMatchObject({
      code: 'CASTY_JOURNAL_FULL',
    })
    expect(disk.names).toEqual(['00000001.log'])
    await append(journal, 'id', 3, ['b'])
    expect(disk.names).toEqual(['00000001.log', '00000002.log'])
    disk.kill()
    expect(await textsOf(await open(disk), 'id')).toEqual([long, long, long, 'b'])
  },
)

test('a file that was begun in vain, and could not be removed, is in the way of nothing', async () => {
  const disk = new SimulatedDisk()
  const journal = await open(disk, { segmentBytes: 4_096 })
  await append(journal, 'id', 0, [long, long, long])
  disk.fail('sync', 'ENOSPC')
  disk.fail('remove', 'EIO')
  expect(await outcomes([append(journal, 'id', 3, ['b'])])).toEqual(['CASTY_JOURNAL_FULL'])
  await append(journal, 'id', 3, ['b'])
  disk.losePower(seededRandom(1))
  expect(await textsOf(await open(disk), 'id')).toEqual([long, long, long, 'b'])
})

test('what waits is bounded', async () => {
  const disk = new SimulatedDisk()
  await using journal = await open(disk, { maxWaitingBytes: 5_000 })
  const calls = Array.from({ length: 4 }, (_, index) => append(journal, `id-${index}`, 0, [long]))
  const refused = 'CASTY_JOURNAL_UNAVAILABLE'
  expect(await outcomes(calls)).toEqual(['written', 'written', refused, refused])
  await append(journal, 'id-3', 0, [long])
})

test('one request above the bound is taken where nothing else waits', async () => {
  await using journal = await open(new SimulatedDisk(), { maxWaitingBytes: 10 })
  await append(journal, 'id', 0, [long])
  expect(await textsOf(journal, 'id')).toEqual([long])
})

test('a disk that cannot be read says so, and is read again', async () => {
  const disk = new SimulatedDisk()
  await using journal = await open(disk)
  await append(journal, 'id', 0, ['a'])
  disk.fail('read', 'EIO')
  await expect(textsOf(journal, 'id')).rejects.toMatchObject({
    code: 'CASTY_JOURNAL_UNAVAILABLE',
    cause: { code: 'EIO' },
  })
  expect(await textsOf(journal, 'id')).toEqual(['a'])
})

test.each(['read', 'sync', 'write'] as const)(
  'a disk that fails while it is opened (%s) leaves nothing locked',
  async (operation) => {
    const disk = new SimulatedDisk()
    {
      await using journal = await open(disk)
      await append(journal, 'id', 0, ['a'])
    }
    disk.fail(operation, 'EIO')
    await expect(open(disk)).rejects.toMatchObject({ code: 'CASTY_JOURNAL_UNAVAILABLE' })
    await using journal = await open(disk)
    expect(await textsOf(journal, 'id')).toEqual(['a'])
  },
)

test('a full disk can be opened, read and deleted from as far as there is room', async () => {
  const disk = new SimulatedDisk()
  {
    await using journal = await open(disk)
    await append(journal, 'id', 0, ['a', 'b'])
  }
  disk.capacityBytes = 0
  await using journal = await open(disk)
  expect(await textsOf(journal, 'id')).toEqual(['a', 'b'])
  expect(await outcomes([append(journal, 'id', 2, ['c'])])).toEqual(['CASTY_JOURNAL_FULL'])
  disk.capacityBytes = Infinity
  await append(journal, 'id', 2, ['c'])
  expect(await textsOf(journal, 'id')).toEqual(['a', 'b', 'c'])
})

test('a file that cannot be removed is removed later', async () => {
  const disk = new SimulatedDisk()
  await using journal = await open(disk, { segmentBytes: 4_096 })
  for (let at = 0; at < 10; at++) await append(journal, 'id', at, [long])
  disk.fail('remove', 'EIO')
  await journal.deleteEvents('id', 9)
  for (let at = 10; at < 30; at++) {
    await append(journal, 'id', at, ['x'])
    await journal.deleteEvents('id', at)
  }
  expect(disk.names).not.toContain('00000001.log')
  expect(await textsOf(journal, 'id')).toEqual(['x'])
})

test('whoever reads goes on while files are moved and removed', async () => {
  const disk = new SimulatedDisk()
  await using journal = await open(disk, { segmentBytes: 4_096 })
  const kept = Array.from({ length: 30 }, (_, at) => `${at} ${long}`)
  for (const [at, text] of kept.entries()) {
    await append(journal, 'kept', at, [text])
    await append(journal, 'gone', at * 2, [long, long])
  }
  const read: string[] = []
  for await (const event of journal.events('kept')) {
    read.push(textOf(event))
    const { sequenceNr } = event
    await journal.deleteEvents('gone', sequenceNr * 2)
  }
  expect(read).toEqual(kept)
  expect(disk.names).not.toContain('00000001.log')
})

test('room of what was deleted comes back', async () => {
  const disk = new SimulatedDisk()
  const options = { segmentBytes: 4_096 }
  {
    await using journal = await open(disk, options)
    await append(journal, 'old', 0, ['kept'])
    await journal.claim('claimed', 7)
    for (let at = 0; at < 200; at++) {
      await append(journal, 'id', at, [`${at} ${long}`])
      if (at > 2) await journal.deleteEvents('id', at - 2)
      await journal.saveSnapshot('id', { ...record(`up to ${at + 1}`), sequenceNr: at + 1 })
      await journal.deleteSnapshots('id', at)
    }
  }
  const used = disk.names.reduce((sum, name) => sum + disk.inode(name).cached.length, 0)
  expect(used).toBeLessThan(15 * 4_096)
  await using journal = await open(disk, options)
  expect(await textsOf(journal, 'old')).toEqual(['kept'])
  expect(await journal.highest('claimed')).toEqual({ sequenceNr: 0, epoch: 7, deletedTo: 0 })
  expect(await textsOf(journal, 'id')).toEqual([197, 198, 199].map((at) => `${at} ${long}`))
  expect(await journal.latestSnapshot('id')).toMatchObject({ sequenceNr: 200 })
})
