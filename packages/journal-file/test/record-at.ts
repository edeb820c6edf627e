// Where records are in a file, found by walking through it as its format is written down in src/frame.ts,
// src/entry.ts and src/record.ts. By hand, so that a test does not trust what it tests.

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
