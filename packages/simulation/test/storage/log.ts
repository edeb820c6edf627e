// A small write-ahead log, right in what matters, with a switch for each mistake that a disk must
// be able to show. A record is its length, a checksum and its payload; the log is read up to the
// first record that is not whole, and copied to a new file at every start, since what a cache shows
// after a failed sync may not be on the medium.
import { crc32 } from 'node:zlib'
import type { FileHandle, FileSystem } from '../../src/index.ts'

/** What the log leaves out or does wrongly. */
export type Mistake =
  | 'no-sync'
  | 'no-directory-sync'
  | 'no-copy-at-start'
  | 'no-checksum'
  | 'sync-again'
  | 'short-writes-ignored'

const headerBytes = 8
const path = '/log/records'

export class Log {
  readonly #handle: FileHandle
  readonly #mistake: Mistake | undefined
  /** What was there when the log was opened, all of it durable. */
  readonly recovered: readonly string[]

  private constructor(handle: FileHandle, recovered: readonly string[], mistake?: Mistake) {
    this.#handle = handle
    this.#mistake = mistake
    this.recovered = recovered
  }

  static async open(files: FileSystem, mistake?: Mistake): Promise<Log> {
    await files.mkdir('/log', { recursive: true })
    if (mistake !== 'no-directory-sync') await syncDirectory(files, '/', mistake)
    const recovered = decode(await readAll(files), mistake)
    if (mistake === 'no-copy-at-start') {
      const handle = await files.open(path, 'a')
      await handle.truncate(recovered.reduce((sum, each) => sum + headerBytes + each.length, 0))
      await syncDirectory(files, '/log', mistake)
      return new Log(handle, recovered, mistake)
    }
    const handle = await files.open(`${path}.new`, 'w')
    await writeAll(handle, Buffer.concat(recovered.map(encode)), mistake)
    await sync(handle, mistake)
    await files.rename(`${path}.new`, path)
    if (mistake !== 'no-directory-sync') await syncDirectory(files, '/log', mistake)
    return new Log(handle, recovered, mistake)
  }

  /** Resolves once the record is durable. After an error the log must be opened anew. */
  async append(record: string): Promise<void> {
    await writeAll(this.#handle, encode(record), this.#mistake)
    await sync(this.#handle, this.#mistake)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

async function readAll(files: FileSystem): Promise<Buffer> {
  const names = await files.readdir('/log')
  if (!names.includes('records')) return Buffer.alloc(0)
  await using handle = await files.open(path)
  const content = Buffer.alloc((await handle.stat()).size)
  let length = 0
  while (length < content.length) {
    const { bytesRead } = await handle.read(content, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return content.subarray(0, length)
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, mistake?: Mistake): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, offset)
    offset += mistake === 'short-writes-ignored' ? bytes.length : bytesWritten
  }
}

async function sync(handle: FileHandle, mistake?: Mistake): Promise<void> {
  if (mistake === 'no-sync') return
  const syncing = handle.datasync()
  await (mistake === 'sync-again' ? syncing.catch(() => handle.datasync()) : syncing)
}

async function syncDirectory(files: FileSystem, at: string, mistake?: Mistake): Promise<void> {
  await using directory = await files.open(at)
  await sync(directory, mistake)
}

function encode(record: string): Buffer {
  const payload = Buffer.from(record)
  const header = Buffer.alloc(headerBytes)
  header.writeUInt32LE(payload.length, 0)
  header.writeUInt32LE(crc32(payload), 4)
  return Buffer.concat([header, payload])
}

function decode(content: Buffer, mistake?: Mistake): readonly string[] {
  const records: string[] = []
  for (let at = 0; at + headerBytes <= content.length;) {
    const end = at + headerBytes + content.readUInt32LE(at)
    const payload = content.subarray(at + headerBytes, end)
    const isWhole = end > at + headerBytes && end <= content.length
    const isRight = mistake === 'no-checksum' || crc32(payload) === content.readUInt32LE(at + 4)
    if (!isWhole || !isRight) break
    records.push(payload.toString())
    at = end
  }
  return records
}
