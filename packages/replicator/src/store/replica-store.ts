/** A value that is kept. */
export interface KeptValue {
  readonly key: string
  /** As the replicator wrote it; undefined for a key that is to be forgotten. */
  readonly bytes: Uint8Array | undefined
}

/** What was kept of a node. */
export interface KeptValues {
  /** Each key once. */
  readonly values: Iterable<KeptValue>
  /** Of the last `save`. */
  readonly savedAtMs: number
}

/** Keeps the last value of some keys, so that they outlive a node: in a file, a table, a journal. */
export interface ReplicaStore {
  /** Undefined where nothing was ever kept. */
  load(): Promise<KeptValues | undefined>
  /**
   * Replaces the values of these keys, and notes the time; resolves once that outlives a crash. All of it or
   * nothing. There is one call at a time; with no values it is a sign of life, a few times in `pruningMarkerMs`.
   */
  save(values: readonly KeptValue[], savedAtMs: number): Promise<void>
}

/** A store that lives as long as it is referred to: for tests, and for a node that restarts in one process. */
export function memoryStore(): ReplicaStore {
  const kept = new Map<string, Uint8Array>()
  let lastSavedAtMs: number | undefined
  return {
    load: async () =>
      await Promise.resolve(
        lastSavedAtMs === undefined
          ? undefined
          : {
              values: Array.from(kept, ([key, bytes]) => ({ key, bytes })),
              savedAtMs: lastSavedAtMs,
            },
      ),
    save: async (values, savedAtMs) => {
      for (const { key, bytes } of values) {
        if (bytes === undefined) kept.delete(key)
        else kept.set(key, bytes)
      }
      lastSavedAtMs = savedAtMs
      await Promise.resolve()
    },
  }
}
