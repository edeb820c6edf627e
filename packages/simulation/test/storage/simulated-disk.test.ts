import { ManualClock, seededRandom } from '@casty/clock'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SimulatedDisk, type SimulatedDiskOptions } from '../../src/index.ts'
import { bytesOf, Machine } from './machine.ts'

test('an operation takes effect when its time has passed, and not before', async () => {
  const machine = new Machine(1, { writeLatencyMs: 10 })
  const handle = await machine.finish(machine.files.open('/a', 'w'))
  const before = machine.disk.digest()
  const writing = handle.write(bytesOf('x'))
  await machine.clock.advanceAsync(4)
  expect(machine.disk.digest()).toEqual(before)
  await machine.finish(writing)
  expect(machine.disk.digest()).not.toEqual(before)
})

test('a buffer that is reused before the write is done is written as it is then', async () => {
  const machine = new Machine(1)
  const handle = await machine.finish(machine.files.open('/a', 'w'))
  const buffer = bytesOf('x')
  const writing = handle.write(buffer)
  buffer.set(bytesOf('y'))
  await machine.finish(writing)
  expect(await machine.get('/a')).toBe('y')
})

test('writes that run side by side take effect in any order', async () => {
  const seen = new Set<string | undefined>()
  for (let seed = 1; seed <= 20; seed += 1) {
    const machine = new Machine(seed)
    const handle = await machine.finish(machine.files.open('/a', 'a'))
    await machine.finish(Promise.all([handle.write(bytesOf('x')), handle.write(bytesOf('y'))]))
    seen.add(await machine.get('/a'))
  }
  expect(seen).toEqual(new Set(['xy', 'yx']))
})

test('contents that are synced are equally digested before and after a crash', async () => {
  const machine = new Machine(1)
  await machine.put('/a', 'x', { synced: true })
  const { cached, durable } = machine.disk.digest()
  expect(cached).toBe(durable)
  machine.crash()
  expect(machine.disk.digest()).toEqual({ cached, durable })
})

test('the digests tell what is cached from what is durable', async () => {
  const machine = new Machine(1)
  await machine.put('/a', 'x', { synced: true })
  const before = machine.disk.digest()
  await machine.put('/a', 'y', { synced: false })
  const after = machine.disk.digest()
  expect(after.durable).toBe(before.durable)
  expect(after.cached).not.toBe(before.cached)
})

test('unsynced changes are bounded: the oldest are written back unasked', async () => {
  const machine = new Machine(1, { maxUnsyncedBytes: 10_000 })
  await machine.put('/a', '', { synced: true })
  const handle = await machine.finish(machine.files.open('/a', 'r+'))
  const { durable } = machine.disk.digest()
  for (let round = 0; round < 50; round += 1) {
    await machine.finish(handle.write(new Uint8Array(1_000), 0, 1_000, 0))
    expect(machine.disk.unsyncedBytes).toBeLessThanOrEqual(10_000)
  }
  expect(machine.disk.digest().durable).not.toBe(durable)
})

test('files that come and go leave no room taken', async () => {
  const machine = new Machine(1)
  const { usedBytes } = machine.disk
  for (let round = 0; round < 20; round += 1) {
    await machine.put('/a', 'x'.repeat(1_000), { synced: round % 2 === 0 })
    await machine.put('/b', 'y', { synced: round % 3 === 0 })
    await machine.finish(machine.files.rename('/a', '/b'))
    await machine.finish(machine.files.unlink('/b'))
  }
  const root = await machine.finish(machine.files.open('/'))
  await machine.finish(root.sync())
  expect(machine.disk.usedBytes).toBe(usedBytes)
  expect(machine.disk.unsyncedBytes).toBe(0)
})

test('a file unlinked, or replaced by a rename, makes room at once', async () => {
  const machine = new Machine(1)
  const { usedBytes } = machine.disk
  await machine.put('/a', 'x'.repeat(1_000), { synced: true })
  await machine.put('/b', 'y'.repeat(2_000), { synced: true })
  await machine.finish(machine.files.rename('/a', '/b'))
  expect(machine.disk.usedBytes).toBe(usedBytes + 512 + 1_000)
  await machine.finish(machine.files.unlink('/b'))
  expect(machine.disk.usedBytes).toBe(usedBytes)
})

test('a file that a crash leaves without an entry takes no room', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const machine = new Machine(seed)
    const { usedBytes } = machine.disk
    const handle = await machine.finish(machine.files.open('/a', 'w'))
    await machine.finish(handle.write(bytesOf('x')))
    await machine.finish(handle.sync())
    machine.crash()
    const names = await machine.finish(machine.files.readdir('/'))
    expect(machine.disk.usedBytes).toBe(usedBytes + names.length * 513)
  }
})

test('unlinked files that wait for a sync of their directory are bounded', async () => {
  const machine = new Machine(1, { capacityBytes: 8_192 })
  for (let round = 0; round < 50; round += 1) {
    const handle = await machine.finish(machine.files.open('/a', 'w'))
    await machine.finish(handle.write(new Uint8Array(5_000)))
    await machine.finish(handle.sync())
    await machine.finish(handle.close())
    await machine.finish(machine.files.unlink('/a'))
    expect(machine.disk.unsyncedBytes).toBeLessThan(2_000)
  }
})

test('a handle keeps an unlinked file until it closes', async () => {
  const machine = new Machine(1)
  const { usedBytes } = machine.disk
  const handle = await machine.finish(machine.files.open('/a', 'w+'))
  await machine.finish(machine.files.unlink('/a'))
  await machine.finish(handle.write(bytesOf('x')))
  expect(await machine.finish(handle.read(new Uint8Array(1), 0, 1, 0))).toMatchObject({
    bytesRead: 1,
  })
  expect(machine.disk.usedBytes).toBeGreaterThan(usedBytes)
  await machine.finish(handle.close())
  expect(machine.disk.usedBytes).toBe(usedBytes)
})

test('open handles are bounded', async () => {
  const machine = new Machine(1, { maxOpenHandles: 1 })
  const handle = await machine.finish(machine.files.open('/'))
  await expect(machine.finish(machine.files.open('/'))).rejects.toMatchObject({ code: 'EMFILE' })
  await machine.finish(handle.close())
  const again = await machine.finish(machine.files.open('/'))
  expect((await machine.finish(again.stat())).isDirectory()).toBe(true)
})

const wrongOptions: readonly (readonly [string, Partial<SimulatedDiskOptions>])[] = [
  ['capacityBytes', { capacityBytes: 0 }],
  ['maxUnsyncedBytes', { maxUnsyncedBytes: -1 }],
  ['maxOpenHandles', { maxOpenHandles: 0 }],
  ['tearUnitBytes', { tearUnitBytes: 0.5 }],
  ['readLatencyMs', { readLatencyMs: Number.NaN }],
  ['writeLatencyMs', { writeLatencyMs: -1 }],
  ['syncLatencyMs', { syncLatencyMs: Infinity }],
  ['metadataLatencyMs', { metadataLatencyMs: -1 }],
  ['bytesPerMs', { bytesPerMs: 0 }],
  ['faults.syncError', { faults: { syncError: 2 } }],
  ['faults.spaceLeftBytes', { faults: { spaceLeftBytes: -1 } }],
  ['faults.latencyFactor', { faults: { latencyFactor: 0 } }],
]

test.each(wrongOptions)('a wrong %s is refused by name', (option, options) => {
  const make = () =>
    new SimulatedDisk({ clock: new ManualClock(), random: seededRandom(1), ...options })
  expect(make).toThrow(
    expect.objectContaining({
      code: 'CASTY_SIMULATION_INVALID_OPTION',
      message: expect.stringContaining(option),
    }),
  )
})

test('faults that are refused leave those before in place', async () => {
  const machine = new Machine(1)
  expect(() => machine.disk.setFaults({ readOnly: true, readError: -1 })).toThrow('readError')
  await machine.put('/a', 'x', { synced: true })
  expect(machine.disk.faultCounts['read-only']).toBe(0)
})

/** A life of a disk by numbers: whatever they are, it runs. */
async function live(seed: number, steps: readonly number[]): Promise<unknown> {
  const machine = new Machine(seed, {
    faults: { shortWrite: 0.2, writeError: 0.1, syncError: 0.1, readError: 0.1, bitFlip: 0.1 },
  })
  for (const step of steps) {
    const path = `/${step % 3}`
    if (step % 11 === 0) machine.crash()
    else if (step % 7 === 0) machine.kill()
    else if (step % 5 === 0) {
      await machine.finish(machine.files.rename(path, '/0').catch(() => undefined))
    } else {
      const content = 'x'.repeat(step)
      await machine.put(path, content, { synced: step % 2 === 0 }).catch(() => undefined)
    }
  }
  const { disk, clock } = machine
  return [disk.digest(), disk.faultCounts, disk.usedBytes, disk.unsyncedBytes, clock.now()]
}

test('the same seed and the same operations give the same disk, at the same time', async () => {
  const runs = fc.asyncProperty(
    fc.nat(),
    fc.array(fc.nat({ max: 700 }), { maxLength: 30 }),
    async (seed, steps) => {
      expect(await live(seed, steps)).toEqual(await live(seed, steps))
    },
  )
  await fc.assert(runs, { seed: Number(process.env['CASTY_SEED'] ?? 1), numRuns: 50 })
})
