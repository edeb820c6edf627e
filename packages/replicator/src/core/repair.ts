// How two nodes find out what they hold differently: first by buckets, then by the keys of those that differ.
import type { ReplicatorMessage } from '../wire/messages.ts'
import { bucketCount, sameDigest, type Digest } from './digests.ts'
import type { KeyTable } from './key-table.ts'

/** How many buckets are told in answer to one summary; the others have their turn with the next. */
const maxBuckets = 32

/** How many keys of a bucket are told at most. */
const maxKeysTold = 4_096

type Bucket = Extract<ReplicatorMessage, { type: 'bucket' }>

/**
 * What this node has of the buckets in which another one holds something else.
 *
 * @param draw - where to begin, so that all of many buckets have their turn
 */
export function bucketsThatDiffer(
  table: KeyTable,
  theirs: readonly Digest[],
  draw: number,
): { readonly messages: readonly Bucket[]; readonly isAll: boolean } {
  const ours = table.sums()
  const start = Math.floor(draw * bucketCount)
  const different = ours
    .map((_, place) => (start + place) % bucketCount)
    .filter((bucket) => {
      const [mine, other] = [ours[bucket], theirs[bucket]]
      return mine && other && !sameDigest(mine, other)
    })
  const messages = different.slice(0, maxBuckets).map((bucket): Bucket => {
    const digests = [...table.bucket(bucket)]
    return {
      type: 'bucket',
      bucket,
      isWhole: digests.length <= maxKeysTold,
      digests: digests.slice(0, maxKeysTold),
    }
  })
  return { messages, isAll: different.length <= maxBuckets }
}

/** Which keys to tell in answer, and which to ask for. */
export function answersToBucket(
  table: KeyTable,
  { bucket, isWhole, digests }: Bucket,
): { readonly tell: readonly string[]; readonly want: readonly string[] } {
  const ours = table.bucket(bucket)
  const told = new Map(digests)
  const different = digests
    .filter(([key, digest]) => {
      const mine = ours.get(key)
      return mine === undefined || !sameDigest(mine, digest)
    })
    .map(([key]) => key)
  const unknownThere = isWhole ? [...ours.keys()].filter((key) => !told.has(key)) : []
  return {
    // A key that is empty here is told too: so its removal is learnt there.
    tell: [...different.filter((key) => table.get(key) !== undefined), ...unknownThere],
    want: different.filter((key) => table.get(key) === undefined),
  }
}
