import { expect, test } from 'vitest'
import { bytesOf, Machine, outcomes } from './machine.ts'

const isDead = { code: 'EBADF' }

test('what was synced, contents and entry, survives every crash', async () => {
  const seen = await outcomes(50, async (machine) => {
    await machine.put('/a', 'hello', { synced: true })
    machine.crash()
    machine.crash()
    return machine.get('/a')
  })
  expect([...seen]).toEqual(['hello'])
})

test('a write that was not synced survives whole, torn at any byte, or not at all', async () => {
  const seen = await outcomes(300, async (machine) => {
    await machine.put('/a', '', { synced: true })
    await machine.put('/a', 'abc', { synced: false })
    machine.crash()
    return machine.get('/a')
  })
  expect(seen).toEqual(new Set(['', 'a', 'ab', 'abc']))
})

test('what was written stays as it was where its memory is used for something else', async () => {
  const seen = await outcomes(50, async (machine) => {
    await machine.put('/a', '', { synced: true })
    const handle = await machine.finish(machine.files.open('/a', 'r+'))
    const memory = Buffer.from('abc')
    await machine.finish(handle.write(memory))
    memory.fill('x')
    await machine.finish(handle.sync())
    machine.crash()
    return machine.get('/a')
  })
  expect([...seen]).toEqual(['abc'])
})

test('a disk that writes sectors as a whole tears only between them', async () => {
  const scenario = async (machine: Machine): Promise<string> => {
    await machine.put('/a', 'x'.repeat(100), { synced: true })
    const handle = await machine.finish(machine.files.open('/a', 'a'))
    await machine.finish(handle.write(bytesOf('y'.repeat(1_100))))
    machine.crash()
    return String((await machine.get('/a'))?.length)
  }
  const seen = await outcomes(300, scenario, { tearUnitBytes: 512 })
  expect([...seen].map(Number).toSorted((a, b) => a - b)).toEqual([100, 512, 1_024, 1_200])
})

test('of several unsynced writes any subset survives, so there may be holes', async () => {
  const scenario = async (machine: Machine): Promise<string | undefined> => {
    await machine.put('/a', '', { synced: true })
    const handle = await machine.finish(machine.files.open('/a', 'a'))
    for (const letter of ['a', 'b', 'c']) await machine.finish(handle.write(bytesOf(letter)))
    machine.crash()
    return machine.get('/a')
  }
  const seen = await outcomes(300, scenario)
  expect(seen).toEqual(new Set(['', '\0\0c', '\0b', '\0bc', 'a', 'a\0c', 'ab', 'abc']))
})

test('a file that was synced is lost with its entry when the directory was not', async () => {
  const seen = await outcomes(50, async (machine) => {
    const handle = await machine.finish(machine.files.open('/a', 'w'))
    await machine.finish(handle.write(bytesOf('x')))
    await machine.finish(handle.sync())
    machine.crash()
    return machine.get('/a')
  })
  expect(seen).toEqual(new Set(['x', undefined]))
})

test('an unsynced rename over a file leaves the old or the new one, and never neither', async () => {
  const seen = await outcomes(50, async (machine) => {
    await machine.put('/a', 'old', { synced: true })
    await machine.put('/b', 'new', { synced: true })
    await machine.finish(machine.files.rename('/b', '/a'))
    machine.crash()
    return `${await machine.get('/a')} ${await machine.get('/b')}`
  })
  expect(seen).toEqual(new Set(['old new', 'new undefined']))
})

test('a rename may survive without the contents of the file that it names', async () => {
  const seen = await outcomes(200, async (machine) => {
    await machine.put('/a', 'old', { synced: true })
    await machine.put('/b', 'new', { synced: false })
    await machine.finish(machine.files.rename('/b', '/a'))
    machine.crash()
    return machine.get('/a')
  })
  expect(seen).toContain('')
  expect(seen).toContain('old')
  expect(seen).toContain('new')
})

test('an unsynced unlink may be undone', async () => {
  const seen = await outcomes(50, async (machine) => {
    await machine.put('/a', 'x', { synced: true })
    await machine.finish(machine.files.unlink('/a'))
    machine.crash()
    return machine.get('/a')
  })
  expect(seen).toEqual(new Set(['x', undefined]))
})

test('a file made and unlinked without a sync may be there all the same', async () => {
  const seen = await outcomes(50, async (machine) => {
    await machine.put('/a', 'x', { synced: false })
    await machine.finish(machine.files.unlink('/a'))
    machine.crash()
    return machine.get('/a')
  })
  expect(seen).toContain('x')
  expect(seen).toContain(undefined)
})

test('syncing a directory keeps its entries, but not its own in the one above', async () => {
  const scenario = async (machine: Machine): Promise<string | undefined> => {
    await machine.finish(machine.files.mkdir('/d'))
    await machine.put('/d/a', 'x', { synced: true })
    const directory = await machine.finish(machine.files.open('/d'))
    await machine.finish(directory.sync())
    machine.crash()
    return machine.get('/d/a')
  }
  // `put` synced `/`, where `/d` is; so that is left out here.
  const unsynced = async (machine: Machine): Promise<string | undefined> => {
    await machine.finish(machine.files.mkdir('/d'))
    const handle = await machine.finish(machine.files.open('/d/a', 'w'))
    await machine.finish(handle.sync())
    const directory = await machine.finish(machine.files.open('/d'))
    await machine.finish(directory.sync())
    machine.crash()
    return machine.get('/d/a')
  }
  expect(await outcomes(50, scenario)).toEqual(new Set(['x']))
  expect(await outcomes(50, unsynced)).toEqual(new Set(['', undefined]))
})

test('a file moved to another directory is found in one of them once either is synced', async () => {
  const seen = await outcomes(50, async (machine) => {
    await machine.put('/a', 'x', { synced: true })
    await machine.finish(machine.files.mkdir('/d'))
    await machine.finish(machine.files.rename('/a', '/d/a'))
    const directory = await machine.finish(machine.files.open('/d'))
    await machine.finish(directory.sync())
    machine.crash()
    return `${await machine.get('/a')} ${await machine.get('/d/a')}`
  })
  expect([...seen]).toEqual(['undefined x'])
})

test('moving a file where the crash takes the directory does not lose the file', async () => {
  const seen = await outcomes(100, async (machine) => {
    await machine.put('/a', 'x', { synced: true })
    await machine.finish(machine.files.mkdir('/d'))
    await machine.finish(machine.files.rename('/a', '/d/a'))
    machine.crash()
    return (await machine.get('/a')) ?? (await machine.get('/d/a'))
  })
  expect([...seen]).toEqual(['x'])
})

test('handles and the file system of a process are dead after a crash', async () => {
  const machine = new Machine(1)
  const { files } = machine
  const handle = await machine.finish(files.open('/a', 'w+'))
  machine.crash()
  await expect(handle.write(bytesOf('x'))).rejects.toMatchObject({ ...isDead, syscall: 'write' })
  await expect(handle.sync()).rejects.toMatchObject({ ...isDead, syscall: 'fsync' })
  await expect(files.open('/b', 'w')).rejects.toMatchObject({ ...isDead, path: '/b' })
  await expect(handle.close()).resolves.toBeUndefined()
  expect(machine.clock.pendingTimers).toBe(0)
})

test('operations that a crash meets fail, and have happened or have not', async () => {
  const seen = await outcomes(100, async (machine) => {
    await machine.put('/a', 'old', { synced: true })
    const handle = await machine.finish(machine.files.open('/a', 'r+'))
    const writing = expect(handle.write(bytesOf('new'))).rejects.toMatchObject(isDead)
    const syncing = expect(handle.sync()).rejects.toMatchObject(isDead)
    machine.crash()
    await Promise.all([writing, syncing])
    return machine.get('/a')
  })
  expect(seen).toContain('old')
  expect(seen).toContain('new')
})

test('a process that is killed loses its handles, and nothing of what it wrote', async () => {
  const machine = new Machine(1)
  const handle = await machine.finish(machine.files.open('/a', 'w'))
  await machine.finish(handle.write(bytesOf('x')))
  machine.kill()
  await expect(handle.write(bytesOf('y'))).rejects.toMatchObject(isDead)
  expect(await machine.get('/a')).toBe('x')
  expect(machine.disk.unsyncedBytes).toBeGreaterThan(0)
})

test('a sync covers what was written before it was called, not what came while it ran', async () => {
  const seen = await outcomes(50, async (machine) => {
    await machine.put('/a', '', { synced: true })
    const handle = await machine.finish(machine.files.open('/a', 'a'))
    await machine.finish(handle.write(bytesOf('a')))
    const syncing = handle.sync()
    const writing = handle.write(bytesOf('b'))
    await machine.finish(Promise.all([syncing, writing]))
    machine.crash()
    return machine.get('/a')
  })
  expect(seen).toEqual(new Set(['a', 'ab']))
})

test('a write by a handle opened for synchronous writing is durable', async () => {
  const seen = await outcomes(50, async (machine) => {
    await machine.put('/a', '', { synced: true })
    const handle = await machine.finish(machine.files.open('/a', 'as'))
    await machine.finish(handle.write(bytesOf('x')))
    machine.crash()
    return machine.get('/a')
  })
  expect([...seen]).toEqual(['x'])
})

test('each crash and what it took is counted', async () => {
  const totals = { crash: 0, 'lost-write': 0, 'torn-write': 0, 'lost-entry': 0, 'lost-truncate': 0 }
  await outcomes(100, async (machine) => {
    await machine.put('/a', 'long', { synced: true })
    await machine.put('/a', 'short', { synced: false })
    await machine.put('/b', 'x', { synced: false })
    machine.crash()
    for (const kind of Object.keys(totals) as (keyof typeof totals)[]) {
      totals[kind] += machine.disk.faultCounts[kind]
    }
    return undefined
  })
  expect(totals.crash).toBe(100)
  for (const total of Object.values(totals)) expect(total).toBeGreaterThan(0)
})
