// Answers that many calls have.
import type { ByteReader } from '@casty/transport'

export const readBoolean = (from: ByteReader): boolean => from.bool()
export const readCount = (from: ByteReader): number => from.varint()
export const readNothing = (): void => {}
