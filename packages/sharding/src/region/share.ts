// One message for several entities: what all of them are told, and what each is told alone.
import type { ByteReader, ByteWriter, KnownTexts } from '@casty/transport'
import type { Letter } from './letter.ts'
import { maxEntityIdBytes } from './wire.ts'

/** What an entity gets of `EntityRegion.tellEach`. */
export interface Share<C = unknown> {
  /** What all of them are told. */
  readonly common: C
  /** What it is told alone, as bytes. */
  readonly own: Uint8Array
}

/** Whom one share is for, and what is told to it alone. */
export type OwnShare = readonly [entityId: string, own: Uint8Array]

/** A share on its way. */
export interface ShareLetter {
  readonly letter: Letter
  readonly own: Uint8Array
}

/** The same, when it is known where it goes. */
export interface AddressedShare extends ShareLetter {
  readonly epoch: number
}

/**
 * No frame has more of shares than that, with what is common to them: those who get the first begin while the rest is on its way,
 * and no more than that goes back with each that is refused. One alone goes as any message does.
 */
export const maxSharesBytes: number = 32_768
/** What a frame has before the first share, at most, beside what is common. */
export const maxSharesHeaderBytes: number = 4 + 8
/** What one takes in a frame beside what is its own, at most. */
const maxHeaderBytes = 4 * 8

/** Runs of shares, each of which takes at most so many bytes; one that is larger is alone. */
export function* runsOf<S extends ShareLetter>(
  shares: readonly S[],
  maxBytes: number,
): Iterable<readonly S[]> {
  let run: S[] = []
  let bytes = 0
  for (const share of shares) {
    const { letter, own } = share
    const size =
      maxHeaderBytes + Math.min(3 * letter.entityId.length, maxEntityIdBytes) + own.length
    if (run.length > 0 && bytes + size > maxBytes) {
      yield run
      ;[run, bytes] = [[], 0]
    }
    run.push(share)
    bytes += size
  }
  if (run.length > 0) yield run
}

/** @param common - encoded */
export function writeShares(
  out: ByteWriter,
  typeHash: number,
  common: Uint8Array,
  shares: readonly AddressedShare[],
): void {
  out.reset().u32(typeHash).bytes(common, common.length)
  for (const { letter, own, epoch } of shares) {
    out.varint(letter.shard).varint(epoch).string(letter.entityId, maxEntityIdBytes)
    out.bytes(own, own.length)
  }
}

/** Where one is to go, as it came. */
export interface ShareHeader {
  readonly shard: number
  readonly epoch: number
  readonly entityId: string
}

/**
 * One after the other: what cannot be read keeps none from those before it. `own` shares the bytes.
 *
 * @param ids - of entities that had messages before
 */
export function* readShares(
  from: ByteReader,
  ids?: KnownTexts,
): Iterable<ShareHeader & { readonly own: Uint8Array }> {
  while (from.remaining > 0) {
    const [shard, epoch] = [from.varint(), from.varint()]
    const entityId = from.string(maxEntityIdBytes, ids)
    yield { shard, epoch, entityId, own: from.view(from.remaining) }
  }
}
