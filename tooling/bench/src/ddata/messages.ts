// What the benchmark of structures says to its processes over IPC, and what they say to it.

/** Who keeps what was written before it is answered. */
export type Keeping = 'one copy' | 'three copies' | 'synced journal'

export type Rival = 'redis' | 'redis-pipelined' | 'redlock' | 'bullmq' | 'etcd'

/** So long each, in milliseconds. */
export interface Times {
  readonly warmUpMs: number
  readonly measuredMs: number
}

export type Instruction =
  | {
      readonly type: 'start-node'
      /** Whom to ask for admission; with none, the node forms the cluster. */
      readonly contacts: readonly string[]
      readonly keeping: Keeping
      /** Where it keeps structures; absent for one that only uses them. */
      readonly journalDirectory?: string
      readonly hosts: boolean
      /** How many nodes there will be in all. */
      readonly nodes: number
    }
  | {
      readonly type: 'start-rival'
      readonly rival: Rival
      /** Of its server. */
      readonly port: number
    }
  | {
      readonly type: 'run'
      readonly operation: string
      readonly inFlight: number
      readonly times: Times
    }
  | { readonly type: 'fill-map'; readonly entries: number }
  | { readonly type: 'scan-map' }
  /** Asks every part of the large map for something until it answers. */
  | { readonly type: 'probe-map' }
  /** What the process holds, and has used of a processor. */
  | { readonly type: 'use'; readonly collects: boolean }

export type Report =
  /** All code is loaded. */
  | { readonly type: 'ready' }
  | { readonly type: 'started'; readonly address: string }
  | ({ readonly type: 'ran' } & Figures)
  | { readonly type: 'filled'; readonly perSecond: number }
  | { readonly type: 'scanned'; readonly perSecond: number; readonly count: number }
  | { readonly type: 'probed'; readonly tookMs: number }
  | { readonly type: 'use'; readonly bytes: number; readonly processorMicros: number }
  | { readonly type: 'failed'; readonly message: string }

/** What came of a measurement in one process. */
export interface Figures {
  readonly perSecond: number
  /** The median time from a call to its answer, in milliseconds; 0 where that cannot be told. */
  readonly medianMs: number
}
