// Where records are in a file, found by walking through it as its format is written down in src/frame.ts,
// src/entry.ts and src/record.ts. By hand, so that a test does not trust what it tests.

/** Where the last byte of the record is that has a number; undefined where there is none. */
export function recordAt(
  bytes: Uint8Array,
  sequenceNr: number,
  kind: 'event' | 'snapshot',
): number | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let frame = 32; frame + 32 <= file.length;) {
    const end = frame + 32 + file.readUInt32LE(frame + 16)
    for (let entry = frame + 32; entry < end; entry += file.readUInt32LE(entry)) {
      let record = entry + 48 + file.readUInt16LE(entry + 6)
      for (let count = file.readUInt32LE(entry + 40); count > 0; count--) {
        const size = 40 + file.readUInt16LE(record + 4) + file.readUInt32LE(record + 12)
        const isOfKind = file[entry + 4] === (kind === 'event' ? 1 : 2)
        if (isOfKind && file.readDoubleLE(record + 16) === sequenceNr) return record + size - 1
        record += size
      }
    }
    frame = end
  }
  return undefined
}
