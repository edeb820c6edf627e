// Where frames and records are in a file, found by walking through it as its format is written down in src/frame.ts,
// src/entry.ts and src/record.ts. By hand, so that a test does not trust what it tests.

/** Where each frame begins. */
export function frameStarts(bytes: Uint8Array): readonly number[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const starts: number[] = []
  for (let at = 32; isFrameAt(file, at); at = endOfFrame(file, at)) starts.push(at)
  return starts
}

/** Where the last frame ends: zeros may follow. */
export function logEnd(bytes: Uint8Array): number {
  const last = frameStarts(bytes).at(-1)
  if (last === undefined) return 32
  return endOfFrame(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), last)
}

function isFrameAt(file: Buffer, at: number): boolean {
  return at + 40 <= file.length && file.readDoubleLE(at + 8) > 0 // They are numbered from 1.
}

function endOfFrame(file: Buffer, at: number): number {
  return at + 40 + file.readUInt32LE(at + 20)
}

/** Where the last byte of the record is that has a number; undefined where there is none. */
export function recordAt(
  bytes: Uint8Array,
  sequenceNr: number,
  kind: 'event' | 'snapshot',
): number | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let frame = 32; frame + 40 <= file.length;) {
    const body = frame + 40
    let record = body + file.readUInt32LE(frame + 16)
    const end = body + file.readUInt32LE(frame + 20)
    for (let entry = body; entry < body + file.readUInt32LE(frame + 16);) {
      for (let count = file.readUInt32LE(entry); count > 0; count--) {
        const size = 40 + file.readUInt16LE(record + 4) + file.readUInt32LE(record + 12)
        const isOfKind = file[entry + 8] === (kind === 'event' ? 1 : 2)
        if (isOfKind && file.readDoubleLE(record + 16) === sequenceNr) return record + size - 1
        record += size
      }
      entry += 44 + file.readUInt16LE(entry + 10)
    }
    frame = end
  }
  return undefined
}
