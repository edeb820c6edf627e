import { eventSourced, inMemoryJournal, type StoredSnapshot } from '@casty/persistence'
import { expect, test } from 'vitest'
import { World, type AccountOptions, type Process } from './kit.ts'

/** Adds 1 so many times, each with a write of its own. */
async function addOnes(process: Process, options: AccountOptions, times: number) {
  const account = process.spawn(options)
  for (let count = 0; count < times; count++) await process.add(account, 1)
  return account
}

/** Numbers of the snapshots that are there. */
async function snapshotNumbers(world: World): Promise<readonly number[]> {
  const numbers: number[] = []
  let found: StoredSnapshot | undefined
  let atMost = Number.MAX_SAFE_INTEGER
  while ((found = await world.memory.latestSnapshot('account', atMost))) {
    numbers.unshift(found.sequenceNr)
    atMost = found.sequenceNr - 1
  }
  return numbers
}

/** How many events a recovery reads, and what it comes to. */
async function recovery(world: World, options: AccountOptions = {}) {
  const process = world.start()
  let read = 0
  const account = process.spawn({
    ...options,
    onEvent: (total, { amount }) => {
      read++
      return total + amount
    },
  })
  const { total } = await process.read(account)
  return { total, read, process }
}

test('a snapshot is taken after so many events, and recovery reads the rest', async () => {
  const world = new World()
  await addOnes(world.start(), { snapshots: { every: 10 } }, 25)
  expect(await snapshotNumbers(world)).toEqual([10, 20])
  expect(await recovery(world)).toMatchObject({ total: 25, read: 5 })
})

test('a snapshot is taken after an event that asks for one', async () => {
  const world = new World()
  const snapshots = { every: Infinity, when: (total: number) => total === 7 }
  await addOnes(world.start(), { snapshots }, 9)
  expect(await snapshotNumbers(world)).toEqual([7])
})

test('one batch is in a snapshot whole', async () => {
  const world = new World()
  const process = world.start()
  const account = process.spawn({ snapshots: { every: 10 } })
  await process.add(account, ...Array.from({ length: 25 }, () => 1))
  expect(await snapshotNumbers(world)).toEqual([25])
})

test('only the newest snapshots are kept', async () => {
  const world = new World()
  await addOnes(world.start(), { snapshots: { every: 5, keep: 3 } }, 32)
  expect(await snapshotNumbers(world)).toEqual([20, 25, 30])
  expect((await world.memory.highest('account')).deletedTo).toBe(0)
})

test('also those of earlier lives are not kept for ever', async () => {
  const world = new World()
  for (let life = 0; life < 5; life++) {
    await addOnes(world.start(), { snapshots: { every: 5, keep: 2 } }, 7)
  }
  expect(await snapshotNumbers(world)).toHaveLength(2)
})

test('events are deleted that are in all snapshots that are kept', async () => {
  const world = new World()
  await addOnes(world.start(), { snapshots: { every: 5, keep: 2, deleteEvents: true } }, 23)
  expect(await snapshotNumbers(world)).toEqual([15, 20])
  expect((await world.memory.highest('account')).deletedTo).toBe(15)
  expect(await recovery(world)).toMatchObject({ total: 23, read: 3 })
})

test('where the newest snapshot is damaged, the one before is used, and it is told', async () => {
  const world = new World()
  await addOnes(world.start(), { snapshots: { every: 5, deleteEvents: true } }, 23)
  world.memory.damageSnapshot('account', 20)
  const warnings: unknown[] = []
  const onWarning = (warning: unknown): void => void warnings.push(warning)
  expect(await recovery(world, { onWarning })).toMatchObject({ total: 23, read: 8 })
  expect(warnings).toMatchObject([
    { type: 'snapshot-unusable', sequenceNr: 20, error: { code: 'CASTY_JOURNAL_DAMAGED' } },
  ])
})

test('where no snapshot can be used, all events are read', async () => {
  const world = new World()
  await addOnes(world.start(), { snapshots: { every: 5 } }, 12)
  for (const number of [5, 10]) world.memory.damageSnapshot('account', number)
  expect(await recovery(world)).toMatchObject({ total: 12, read: 12 })
})

test('snapshots of an older version are translated, of a later one left aside', async () => {
  const world = new World()
  await addOnes(world.start(), { snapshots: { every: 5 } }, 7)
  const upcasts = { 1: (old: unknown) => Number(old) + 1_000 }
  const translated = await recovery(world, { snapshots: { version: 2, upcasts } })
  expect(translated).toMatchObject({ total: 1_007, read: 2 })
  await addOnes(
    world.start(),
    { snapshots: { every: 5, version: 3, upcasts: { 1: Number, 2: Number } } },
    5,
  )
  const warnings: unknown[] = []
  const onWarning = (warning: unknown): void => void warnings.push(warning)
  const older = await recovery(world, { onWarning })
  expect(older).toMatchObject({ total: 12, read: 7 })
  expect(warnings).toMatchObject([{ error: { code: 'CASTY_PERSISTENCE_UNKNOWN_VERSION' } }])
})

test('a snapshot that is not saved disturbs nobody, and the next one is', async () => {
  const world = new World()
  const warnings: unknown[] = []
  const onWarning = (warning: unknown): void => {
    warnings.push(warning)
    throw new Error('thrown by whoever listens')
  }
  world.memory.fail({ type: 'full' }, { operation: 'saveSnapshot' })
  const process = world.start()
  await addOnes(process, { onWarning, snapshots: { every: 5 } }, 12)
  expect(warnings).toMatchObject([
    { type: 'snapshot-failed', sequenceNr: 5, error: { code: 'CASTY_JOURNAL_FULL' } },
  ])
  expect(await snapshotNumbers(world)).toEqual([10])
  expect(process.failures).toEqual([])
})

test('what is not deleted disturbs nobody', async () => {
  const world = new World()
  const warnings: unknown[] = []
  const onWarning = (warning: unknown): void => void warnings.push(warning)
  world.memory.fail({ type: 'refused' }, { operation: 'deleteEvents' })
  const options = { onWarning, snapshots: { every: 5, keep: 1, deleteEvents: true } }
  await addOnes(world.start(), options, 12)
  expect(warnings).toMatchObject([{ type: 'deletion-failed', sequenceNr: 5 }])
  expect((await world.memory.highest('account')).deletedTo).toBe(10)
})

test('commands go on while a snapshot is saved', async () => {
  const world = new World()
  world.memory.fail({ type: 'delayed', byMs: 60_000 }, { operation: 'saveSnapshot' })
  const process = world.start()
  const account = await addOnes(process, { snapshots: { every: 5 } }, 14)
  expect((await process.read(account)).total).toBe(14)
  await process.pass(60_000)
  expect(await snapshotNumbers(world)).toEqual([5])
  await process.add(account, 1)
  expect(await snapshotNumbers(world)).toEqual([5, 15])
})

test('a fenced actor deletes nothing that its successor reads', async () => {
  const world = new World()
  const old = world.start()
  world.memory.fail({ type: 'delayed', byMs: 1_000 }, { operation: 'saveSnapshot' })
  const warnings: unknown[] = []
  const onWarning = (warning: unknown): void => void warnings.push(warning)
  await addOnes(old, { onWarning, snapshots: { every: 5, keep: 1, deleteEvents: true } }, 5)
  const { total } = await recovery(world)
  await old.pass(1_000)
  expect(total).toBe(5)
  expect((await world.memory.highest('account')).deletedTo).toBe(0)
  expect(warnings).toMatchObject([{ error: { code: 'CASTY_JOURNAL_FENCED' } }])
})

test('a recovery that read many events leaves a snapshot for the next', async () => {
  const world = new World()
  await addOnes(world.start(), {}, 12)
  const { process } = await recovery(world, { snapshots: { every: 10 } })
  await process.idle()
  expect(await recovery(world)).toMatchObject({ total: 12, read: 0 })
})

test('others have their turns while many events are read', async () => {
  const world = new World()
  const process = world.start()
  const account = process.spawn()
  for (let batch = 0; batch < 5; batch++) {
    await process.add(account, ...Array.from({ length: 2_000 }, () => 1))
  }
  const again = world.start()
  const read = again.askRead(again.spawn())
  let isDone = false
  let turns = 0
  void read.then(() => {
    isDone = true
  })
  const tick = (): void => {
    turns++
    if (!isDone) world.clock.schedule(0, tick)
  }
  tick()
  await again.pass(0)
  expect((await read).total).toBe(10_000)
  expect(turns).toBeGreaterThan(2)
})

test('a state that no snapshot can hold is refused before the actor starts', () => {
  const make = (): unknown =>
    eventSourced({
      id: 'a',
      journal: inMemoryJournal(),
      initialState: new Map(),
      snapshots: {},
      onCommand: (_state, _command, { effects }) => effects.none(),
      onEvent: (state) => state,
    })
  expect(make).toThrow(
    expect.objectContaining({
      code: 'CASTY_PERSISTENCE_INVALID_OPTION',
      cause: expect.objectContaining({ code: 'CASTY_PERSISTENCE_UNSERIALIZABLE' }),
    }),
  )
})

test('what nobody listens to is logged where the system logs', async () => {
  const world = new World()
  const lines: unknown[] = []
  const silent = (): void => {}
  const logger = {
    debug: silent,
    info: silent,
    error: silent,
    warn: (details: object) => lines.push(details),
  }
  world.memory.fail({ type: 'full' }, { operation: 'saveSnapshot' })
  await addOnes(world.start({ logger }), { snapshots: { every: 5 } }, 6)
  expect(lines).toMatchObject([{ type: 'snapshot-failed', sequenceNr: 5 }])
})

test('a journal that never answers a snapshot keeps it from none but that one', async () => {
  const world = new World()
  const process = world.start()
  const warnings: unknown[] = []
  const account = process.spawn({
    snapshots: { every: 2 },
    journalTimeoutMs: 1_000,
    onWarning: (warning) => void warnings.push(warning),
  })
  process.journal.fail({ type: 'silent', carriedOut: false }, { operation: 'saveSnapshot' })
  for (let count = 0; count < 4; count++) await process.add(account, 1)
  expect(await snapshotNumbers(world)).toEqual([])
  await process.pass(1_000)
  expect(warnings).toMatchObject([{ type: 'snapshot-failed', sequenceNr: 2 }])
  for (let count = 0; count < 2; count++) await process.add(account, 1)
  expect(await snapshotNumbers(world)).toEqual([5])
})
