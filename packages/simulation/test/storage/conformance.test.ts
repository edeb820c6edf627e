// What the simulated disk claims to be: each test runs over the real file system too.
import { constants } from 'node:fs'
import * as nodeFiles from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import type { FileHandle, FileSystem } from '../../src/index.ts'
import { bytesOf, Machine } from './machine.ts'

test('node:fs/promises is a file system as it stands', () => {
  expectTypeOf(nodeFiles).toExtend<FileSystem>()
  expectTypeOf<nodeFiles.FileHandle>().toExtend<FileHandle>()
  const files: FileSystem = nodeFiles
  expect(Object.keys(files)).toEqual(
    expect.arrayContaining(['open', 'rename', 'unlink', 'mkdir', 'readdir', 'stat']),
  )
})

/** Runs work on a file system in a directory of its own. */
type Subject = <T>(work: (files: FileSystem, root: string) => Promise<T>) => Promise<T>

let root = ''
let count = 0
beforeAll(async () => {
  root = await nodeFiles.mkdtemp(join(tmpdir(), 'casty-files-'))
})
afterAll(() => nodeFiles.rm(root, { recursive: true }))

const onNode: Subject = async (work) => {
  count += 1
  const directory = join(root, String(count))
  await nodeFiles.mkdir(directory)
  return work(nodeFiles, directory)
}
const onSimulatedDisk: Subject = async (work) => {
  const machine = new Machine(1)
  await machine.finish(machine.files.mkdir('/data'))
  return machine.finish(work(machine.files, '/data'))
}

async function write(files: FileSystem, path: string, text: string, flags = 'w'): Promise<void> {
  await using handle = await files.open(path, flags)
  await handle.write(bytesOf(text))
}

async function read(files: FileSystem, path: string): Promise<string> {
  await using handle = await files.open(path)
  const buffer = new Uint8Array(100)
  const { bytesRead } = await handle.read(buffer)
  return new TextDecoder().decode(buffer.subarray(0, bytesRead))
}

/** What an error tells, with the directory of the test left out. */
async function failure(work: Promise<unknown>, directory: string): Promise<unknown> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof Error)) return undefined
  const told = Object.assign({ name: error.name, message: error.message }, error)
  return JSON.parse(JSON.stringify(told).replaceAll(directory, ''))
}

describe.each([
  ['node:fs/promises', onNode],
  ['the simulated disk', onSimulatedDisk],
])('%s', (_name, on) => {
  test('reads back what was written', async () => {
    const found = await on(async (files, at) => {
      await write(files, `${at}/a`, 'hello')
      return read(files, `${at}/a`)
    })
    expect(found).toBe('hello')
  })

  test('writes the part of a buffer at the position that is named', async () => {
    const found = await on(async (files, at) => {
      await write(files, `${at}/a`, 'hello')
      {
        await using handle = await files.open(`${at}/a`, 'r+')
        expect(await handle.write(bytesOf('xEYz'), 1, 2, 1)).toMatchObject({ bytesWritten: 2 })
      }
      return read(files, `${at}/a`)
    })
    expect(found).toBe('hEYlo')
  })

  test('moves the position of a handle on with each write and read', async () => {
    const found = await on(async (files, at) => {
      await using handle = await files.open(`${at}/a`, 'w+')
      await handle.write(bytesOf('ab'))
      await handle.write(bytesOf('cd'))
      await handle.write(bytesOf('X'), 0, 1, 0)
      await handle.write(bytesOf('e'))
      return read(files, `${at}/a`)
    })
    expect(found).toBe('Xbcde')
  })

  test('appends whatever the position, and reads on from there', async () => {
    const found = await on(async (files, at) => {
      await write(files, `${at}/a`, 'ab')
      await using handle = await files.open(`${at}/a`, 'a+')
      await handle.write(bytesOf('cd'), 0, 2, 0)
      const { bytesRead } = await handle.read(new Uint8Array(9), 0, 9, 1)
      return [bytesRead, await read(files, `${at}/a`)]
    })
    expect(found).toEqual([3, 'abcd'])
  })

  test('reads no bytes at the end of file, and zeros where nothing was written', async () => {
    const found = await on(async (files, at) => {
      await using handle = await files.open(`${at}/a`, 'w+')
      await handle.write(bytesOf('b'), 0, 1, 2)
      const end = await handle.read(new Uint8Array(5), 0, 5, 3)
      return [end.bytesRead, await read(files, `${at}/a`)]
    })
    expect(found).toEqual([0, '\0\0b'])
  })

  test('truncates to shorter and to longer', async () => {
    const found = await on(async (files, at) => {
      await using handle = await files.open(`${at}/a`, 'w')
      await handle.write(bytesOf('abc'))
      await handle.truncate(1)
      await handle.truncate(2)
      return [await read(files, `${at}/a`), (await handle.stat()).size]
    })
    expect(found).toEqual(['a\0', 2])
  })

  test('opens by numeric flags without truncating', async () => {
    const found = await on(async (files, at) => {
      await write(files, `${at}/a`, 'abc')
      {
        const handle = await files.open(`${at}/a`, constants.O_RDWR | constants.O_CREAT)
        await handle.write(bytesOf('X'))
        await handle.close()
      }
      await write(files, `${at}/b`, 'new', 'wx')
      return [await read(files, `${at}/a`), await read(files, `${at}/b`)]
    })
    expect(found).toEqual(['Xbc', 'new'])
  })

  test('renames over another file, which handles that are open still read', async () => {
    const found = await on(async (files, at) => {
      await write(files, `${at}/a`, 'new')
      await write(files, `${at}/b`, 'old')
      await using handle = await files.open(`${at}/b`)
      await files.rename(`${at}/a`, `${at}/b`)
      const buffer = new Uint8Array(3)
      await handle.read(buffer)
      return [await files.readdir(at), await read(files, `${at}/b`), String.fromCharCode(...buffer)]
    })
    expect(found).toEqual([['b'], 'new', 'old'])
  })

  test('makes directories, alone and with those above', async () => {
    const found = await on(async (files, at) => {
      const first = await files.mkdir(`${at}/d`)
      const deep = await files.mkdir(`${at}/d/e/f`, { recursive: true })
      const again = await files.mkdir(`${at}/d/e/f`, { recursive: true })
      await write(files, `${at}/d/e/g`, '')
      await files.unlink(`${at}/d/e/g`)
      const stats = await files.stat(`${at}/d/e/f/../f/.`)
      const kinds = [stats.isDirectory(), stats.isFile()]
      return [first, deep?.replace(at, ''), again, await files.readdir(`${at}/d/e`), ...kinds]
    })
    expect(found).toEqual([undefined, '/d/e', undefined, ['f'], true, false])
  })

  test('syncs files and directories', async () => {
    const found = await on(async (files, at) => {
      await using handle = await files.open(`${at}/a`, 'w')
      await using directory = await files.open(at)
      await handle.write(bytesOf('a'))
      return [await handle.datasync(), await handle.sync(), await directory.sync()]
    })
    expect(found).toEqual([undefined, undefined, undefined])
  })

  test('takes what is still running along when a handle closes, and closes it again', async () => {
    const found = await on(async (files, at) => {
      const handle = await files.open(`${at}/a`, 'w')
      const writing = handle.write(bytesOf('abc'))
      await Promise.all([writing, handle.close()])
      await handle.close()
      return read(files, `${at}/a`)
    })
    expect(found).toBe('abc')
  })
})

const refusals: Readonly<Record<string, (files: FileSystem, at: string) => Promise<unknown>>> = {
  'opens what is missing': (files, at) => files.open(`${at}/none`),
  'opens below a directory that is missing': (files, at) => files.open(`${at}/none/a`, 'w'),
  'opens below a file': (files, at) => files.open(`${at}/file/a`, 'w'),
  'opens a file as directory': (files, at) => files.open(`${at}/file/`, 'r'),
  'creates what ends in a slash': (files, at) => files.open(`${at}/none/`, 'w'),
  'creates what is there': (files, at) => files.open(`${at}/file`, 'wx'),
  'creates a directory that is there': (files, at) => files.open(`${at}/full`, 'wx'),
  'writes a directory': (files, at) => files.open(`${at}/full`, 'r+'),
  'opens with flags that are none': (files, at) => files.open(`${at}/file`, 'q'),
  'opens a name that is too long': (files, at) => files.open(`${at}/${'n'.repeat(256)}`, 'w'),
  'opens no path': (files) => files.open(''),
  'unlinks what is missing': (files, at) => files.unlink(`${at}/none`),
  'unlinks a directory': (files, at) => files.unlink(`${at}/full`),
  'renames what is missing': (files, at) => files.rename(`${at}/none`, `${at}/b`),
  'renames to below what is missing': (files, at) => files.rename(`${at}/file`, `${at}/none/b`),
  'renames a file over a directory': (files, at) => files.rename(`${at}/file`, `${at}/full`),
  'renames a directory over a file': (files, at) => files.rename(`${at}/full`, `${at}/file`),
  'renames over a directory with entries': (files, at) => files.rename(`${at}/empty`, `${at}/full`),
  'renames a directory below itself': (files, at) => files.rename(`${at}/full`, `${at}/full/x`),
  'makes a directory that is there': (files, at) => files.mkdir(`${at}/full`),
  'makes a directory below what is missing': (files, at) => files.mkdir(`${at}/none/a`),
  'makes a directory below a file': (files, at) => files.mkdir(`${at}/file/a`),
  'makes directories to where a file is': (files, at) =>
    files.mkdir(`${at}/file`, { recursive: true }),
  'makes directories below a file': (files, at) =>
    files.mkdir(`${at}/file/a/b`, { recursive: true }),
  'lists a file': (files, at) => files.readdir(`${at}/file`),
  'lists what is missing': (files, at) => files.readdir(`${at}/none`),
  'asks about what is missing': (files, at) => files.stat(`${at}/none`),
  'writes by a handle for reading': (files, at) =>
    using(files, `${at}/file`, 'r', (handle) => handle.write(bytesOf('a'))),
  'reads by a handle for writing': (files, at) =>
    using(files, `${at}/file`, 'a', (handle) => handle.read(new Uint8Array(1))),
  'truncates by a handle for reading': (files, at) =>
    using(files, `${at}/file`, 'r', (handle) => handle.truncate(0)),
  'reads a directory': (files, at) =>
    using(files, `${at}/full`, 'r', (handle) => handle.read(new Uint8Array(1))),
  'writes more than the buffer has': (files, at) =>
    using(files, `${at}/file`, 'a', (handle) => handle.write(bytesOf('abc'), 2, 2)),
  'writes by a handle that is closed': (files, at) =>
    using(files, `${at}/file`, 'a', async (handle) => {
      await handle.close()
      await handle.write(bytesOf('a'))
    }),
  'syncs a handle that is closed': (files, at) =>
    using(files, `${at}/file`, 'a', async (handle) => {
      await handle.close()
      await handle.datasync()
    }),
}

async function using(
  files: FileSystem,
  path: string,
  flags: string,
  use: (handle: FileHandle) => Promise<unknown>,
): Promise<unknown> {
  await using handle = await files.open(path, flags)
  return await use(handle)
}

// Its numbers and a few of its choices are those of Linux; other systems differ in both.
test.runIf(process.platform === 'linux').each(Object.entries(refusals))(
  'whoever %s hears from the simulated disk just what Node says',
  async (_name, refused) => {
    const told = async (files: FileSystem, at: string): Promise<unknown> => {
      await write(files, `${at}/file`, 'abc')
      await files.mkdir(`${at}/empty`)
      await files.mkdir(`${at}/full/x`, { recursive: true })
      return failure(refused(files, at), at)
    }
    const expected = await onNode(told)
    expect(expected).toHaveProperty('code')
    expect(await onSimulatedDisk(told)).toEqual(expected)
  },
)
