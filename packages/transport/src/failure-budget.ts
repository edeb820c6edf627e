// How often strangers may fail to prove themselves: so many times a minute from one source, of which one failure is
// told. A source is an IPv4 address, or an IPv6 network of 64 bits. Whoever shares that source with them (a NAT, a machine of many nodes) is not locked out for it, once one there
// has proved itself.

interface Bucket {
  tokens: number
  at: number
  toldAt: number
  /** Failures since the one that was told. */
  untold: number
}

export interface FailureLimits {
  /** Failures of one source that are heard out each minute. */
  readonly maxFailuresPerMinute: number
  /** Sources that are remembered; the one that failed longest ago falls out. */
  readonly maxSources: number
}

const minuteMs = 60_000

export class FailureBudget {
  readonly #limits: FailureLimits
  /** By when they failed last, the longest ago first. */
  readonly #buckets = new Map<string, Bucket>()
  /** Where somebody has proved himself, the longest ago first. */
  readonly #proven = new Set<string>()

  constructor(limits: FailureLimits) {
    this.#limits = limits
  }

  /** Whether a connection from there is to be heard at all. */
  hears(source: string, now: number): boolean {
    const bucket = this.#buckets.get(source)
    if (bucket === undefined || this.#proven.has(source)) return true
    this.#refill(bucket, now)
    return bucket.tokens >= 1
  }

  /** @returns how many failures went untold before this one; undefined where this one does as well */
  failed(source: string, now: number): number | undefined {
    const bucket = this.#buckets.get(source) ?? this.#newBucket(now)
    this.#buckets.delete(source)
    this.#buckets.set(source, bucket)
    trim(this.#buckets, this.#limits.maxSources)
    this.#refill(bucket, now)
    bucket.tokens = Math.max(0, bucket.tokens - 1)
    if (now - bucket.toldAt < minuteMs) {
      bucket.untold++
      return undefined
    }
    const { untold } = bucket
    bucket.toldAt = now
    bucket.untold = 0
    return untold
  }

  proved(source: string): void {
    this.#proven.delete(source)
    this.#proven.add(source)
    trim(this.#proven, this.#limits.maxSources)
  }

  #newBucket(now: number): Bucket {
    const tokens = this.#limits.maxFailuresPerMinute
    return { tokens, at: now, toldAt: -Infinity, untold: 0 }
  }

  #refill(bucket: Bucket, now: number): void {
    const { maxFailuresPerMinute } = this.#limits
    const earned = ((now - bucket.at) / minuteMs) * maxFailuresPerMinute
    bucket.tokens = Math.min(maxFailuresPerMinute, bucket.tokens + earned)
    bucket.at = now
  }
}

/** Both keep insertion order, so what was used longest ago stands first. */
function trim(known: Map<string, unknown> | Set<string>, max: number): void {
  for (const oldest of known.keys()) {
    if (known.size <= max) return
    known.delete(oldest)
  }
}
