import { getSystemErrorMap } from 'node:util'
import { expect, test } from 'vitest'
import type { DiskFaults, FileHandle } from '../../src/index.ts'
import { bytesOf, Machine, outcomes } from './machine.ts'

async function opened(
  machine: Machine,
  faults: Partial<DiskFaults>,
  content = '',
): Promise<FileHandle> {
  await machine.put('/a', content, { synced: true })
  const handle = await machine.finish(machine.files.open('/a', 'r+'))
  machine.disk.setFaults(faults)
  return handle
}

test('a full disk writes what fits, then fails with ENOSPC', async () => {
  const machine = new Machine(1)
  const handle = await opened(machine, { spaceLeftBytes: 3 })
  expect(await machine.finish(handle.write(bytesOf('hello')))).toMatchObject({ bytesWritten: 3 })
  await expect(machine.finish(handle.write(bytesOf('lo')))).rejects.toMatchObject({
    code: 'ENOSPC',
    syscall: 'write',
    message: 'ENOSPC: no space left on device, write',
  })
  expect(machine.disk.faultCounts['disk-full']).toBe(2)
})

test('a full disk still overwrites, and takes more once something is gone', async () => {
  const machine = new Machine(1)
  const handle = await opened(machine, { spaceLeftBytes: 0 }, 'hello')
  await machine.finish(handle.write(bytesOf('HELLO')))
  await expect(machine.finish(machine.files.open('/b', 'w'))).rejects.toMatchObject({
    code: 'ENOSPC',
    path: '/b',
  })
  await machine.finish(handle.truncate(1))
  expect(await machine.finish(handle.write(bytesOf('xy'), 0, 2, 1))).toMatchObject({
    bytesWritten: 2,
  })
})

test('a disk holds no more than its capacity', async () => {
  const machine = new Machine(1, { capacityBytes: 4_096 })
  const handle = await opened(machine, {})
  await machine.finish(handle.write(new Uint8Array(10_000)))
  expect(machine.disk.usedBytes).toBe(4_096)
  await expect(machine.finish(handle.truncate(10_000))).rejects.toMatchObject({ code: 'ENOSPC' })
})

test('a short write says how much it wrote', async () => {
  const machine = new Machine(1)
  const handle = await opened(machine, { shortWrite: 1 })
  const { bytesWritten } = await machine.finish(handle.write(bytesOf('hello')))
  expect(bytesWritten).toBeGreaterThan(0)
  expect(bytesWritten).toBeLessThan(5)
  expect(await machine.get('/a')).toBe('hello'.slice(0, bytesWritten))
  expect(machine.disk.faultCounts['short-write']).toBe(1)
})

test('a write that fails with EIO has written nothing', async () => {
  const machine = new Machine(1)
  const handle = await opened(machine, { writeError: 1 }, 'old')
  const [errno] = [...getSystemErrorMap()].find(([, [code]]) => code === 'EIO') ?? []
  await expect(machine.finish(handle.write(bytesOf('new')))).rejects.toMatchObject({
    code: 'EIO',
    errno,
    syscall: 'write',
    message: 'EIO: i/o error, write',
  })
  expect(await machine.get('/a')).toBe('old')
  expect(machine.disk.faultCounts['write-error']).toBe(1)
})

test('a read that fails with EIO may be tried again', async () => {
  const machine = new Machine(1)
  const handle = await opened(machine, { readError: 1 }, 'x')
  await expect(machine.finish(handle.read(new Uint8Array(1)))).rejects.toMatchObject({
    code: 'EIO',
    syscall: 'read',
  })
  machine.disk.heal()
  expect(await machine.finish(handle.read(new Uint8Array(1)))).toMatchObject({ bytesRead: 1 })
  expect(machine.disk.faultCounts['read-error']).toBe(1)
})

test('after a sync that failed the next succeeds, and the write may be lost all the same', async () => {
  const shown = new Set<string | undefined>()
  const seen = await outcomes(100, async (machine) => {
    const handle = await opened(machine, { syncError: 1 }, 'old')
    await machine.finish(handle.write(bytesOf('new')))
    await expect(machine.finish(handle.sync())).rejects.toMatchObject({
      code: 'EIO',
      syscall: 'fsync',
    })
    expect(machine.disk.faultCounts['sync-error']).toBe(1)
    machine.disk.heal()
    await machine.finish(handle.sync())
    shown.add(await machine.get('/a'))
    machine.crash()
    return machine.get('/a')
  })
  expect(seen).toEqual(new Set(['old', 'new']))
  expect(shown).toEqual(new Set(['old', 'new']))
})

test('a write after a failed sync is durable by the next, with a hole before it', async () => {
  const seen = await outcomes(100, async (machine) => {
    const handle = await opened(machine, { syncError: 1 })
    await machine.finish(handle.write(bytesOf('a'), 0, 1, 0))
    await machine.finish(handle.datasync().catch(() => undefined))
    machine.disk.heal()
    await machine.finish(handle.write(bytesOf('b'), 0, 1, 1))
    await machine.finish(handle.datasync())
    machine.crash()
    return machine.get('/a')
  })
  expect(seen).toEqual(new Set(['ab', '\0b']))
})

test('entries wait on after a sync of their directory that failed', async () => {
  const seen = await outcomes(50, async (machine) => {
    const root = await machine.finish(machine.files.open('/'))
    await machine.finish(machine.files.open('/a', 'w'))
    machine.disk.setFaults({ syncError: 1 })
    await expect(machine.finish(root.sync())).rejects.toMatchObject({ code: 'EIO' })
    machine.disk.heal()
    await machine.finish(root.sync())
    machine.crash()
    return machine.get('/a')
  })
  expect([...seen]).toEqual([''])
})

test('a bit that flips at rest is read flipped, and stays so', async () => {
  const machine = new Machine(1)
  await machine.put('/a', 'hello', { synced: true })
  expect(machine.disk.flipBit('/a')).toBe(true)
  const flipped = await machine.get('/a')
  expect(flipped).not.toBe('hello')
  machine.crash()
  expect(await machine.get('/a')).toBe(flipped)
  expect(machine.disk.faultCounts['bit-flip']).toBe(1)
})

test('a bit flips by chance in what is read', async () => {
  const machine = new Machine(1)
  const handle = await opened(machine, { bitFlip: 1 }, 'aaaa')
  const buffer = new Uint8Array(4)
  await machine.finish(handle.read(buffer, 0, 4, 0))
  const flippedBits = buffer.reduce((sum, byte) => sum + bitsOf(byte ^ (bytesOf('a')[0] ?? 0)), 0)
  expect(flippedBits).toBe(1)
  expect(machine.disk.faultCounts['bit-flip']).toBe(1)
})

function bitsOf(byte: number): number {
  return byte.toString(2).replaceAll('0', '').length
}

test('no bit flips where nothing is stored', () => {
  const machine = new Machine(1)
  expect(machine.disk.flipBit()).toBe(false)
  expect(machine.disk.flipBit('/none')).toBe(false)
  expect(machine.disk.faultCounts['bit-flip']).toBe(0)
})

test('a slow disk takes its factor of time', async () => {
  const elapsed = async (faults: Partial<DiskFaults>): Promise<[number, number]> => {
    const machine = new Machine(1)
    const handle = await opened(machine, faults, 'x')
    const before = machine.clock.now()
    await machine.finish(handle.read(new Uint8Array(1)))
    return [machine.clock.now() - before, machine.disk.faultCounts['slow-operation']]
  }
  const [usualMs, none] = await elapsed({})
  const [slowMs, counted] = await elapsed({ latencyFactor: 100 })
  expect(slowMs / usualMs).toBeCloseTo(100)
  expect([none, counted]).toEqual([0, 1])
})

test('a file system gone read-only refuses every change with EROFS, and still reads', async () => {
  const machine = new Machine(1)
  const handle = await opened(machine, {}, 'x')
  await machine.finish(handle.write(bytesOf('y')))
  machine.disk.setFaults({ readOnly: true })
  const { files } = machine
  const changes: readonly (() => Promise<unknown>)[] = [
    () => files.open('/b', 'w'),
    () => files.open('/a', 'r+'),
    () => files.unlink('/a'),
    () => files.rename('/a', '/b'),
    () => files.mkdir('/d'),
    () => handle.write(bytesOf('z')),
    () => handle.truncate(0),
    () => handle.sync(),
  ]
  for (const change of changes) {
    await expect(machine.finish(change())).rejects.toMatchObject({ code: 'EROFS' })
  }
  expect(await machine.get('/a')).toBe('y')
  expect(machine.disk.faultCounts['read-only']).toBe(changes.length)
})

test('a disk without faults counts none', async () => {
  const machine = new Machine(1)
  await machine.put('/a', 'x', { synced: true })
  expect(await machine.get('/a')).toBe('x')
  expect(Object.values(machine.disk.faultCounts).every((count) => count === 0)).toBe(true)
})
