// What the benchmark and its node processes say to each other over IPC. Instants are of the monotonic clock of
// the machine, which all its processes share, in milliseconds.

export type Instruction =
  | {
      readonly type: 'start'
      /** Whom to ask for admission; with none, the node forms the cluster. */
      readonly contacts: readonly string[]
      readonly numShards: number
    }
  /** Who has each shard, as this node sees it. */
  | { readonly type: 'owners' }
  /** Asks an entity of each of these shards, again and again until it answers. */
  | { readonly type: 'probe'; readonly shards: readonly number[] }
  /** Sends a message to each of so many entities, which live nowhere yet. */
  | { readonly type: 'activate'; readonly count: number }
  /** What the process holds, after its garbage is collected. */
  | { readonly type: 'use' }
  | { readonly type: 'leave' }

export type Report =
  /** All code is loaded. */
  | { readonly type: 'ready' }
  | { readonly type: 'listening'; readonly address: string; readonly key: string }
  | { readonly type: 'owners'; readonly owners: readonly (string | undefined)[] }
  /** When the entity of each of the shards answered. */
  | { readonly type: 'probed'; readonly at: readonly number[] }
  | { readonly type: 'activated'; readonly tookMs: number; readonly tookCpuMs: number }
  | { readonly type: 'use'; readonly bytes: number; readonly entities: number }
  | { readonly type: 'left'; readonly at: number }
  | { readonly type: 'failed'; readonly message: string }
