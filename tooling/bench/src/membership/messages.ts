// What the benchmark and its node processes say to each other over IPC. Instants are of the monotonic
// clock of the machine, which all its processes share, in milliseconds.

/** From the benchmark: start a node, or tell what it has used so far. */
export type Instruction =
  | {
      readonly type: 'start'
      /** 0 picks a free one. */
      readonly port: number
      /** Whom to ask; with none, the node forms the cluster. */
      readonly contacts: readonly string[]
      /** Of a relay to dial through, with split-brain resolution as it comes; directly and without, if absent. */
      readonly relay?: string
    }
  | { readonly type: 'use' }

export type Report =
  /** All code is loaded. */
  | { readonly type: 'ready' }
  | {
      readonly type: 'listening'
      readonly address: string
      readonly key: string
      readonly at: number
    }
  /** Members seen as up and reachable, whenever that has changed. */
  | { readonly type: 'up'; readonly count: number; readonly at: number }
  | { readonly type: 'unreachable'; readonly key: string; readonly at: number }
  | { readonly type: 'removed'; readonly key: string; readonly at: number }
  /** The cluster decided against this node. */
  | { readonly type: 'self-downed'; readonly at: number }
  | { readonly type: 'use'; readonly use: Use }
  | { readonly type: 'failed'; readonly message: string }

/** What a process has used since its start. */
export interface Use {
  readonly at: number
  readonly cpuMs: number
  readonly bytesSent: number
  readonly framesSent: number
}

/** Now, on the clock that all processes of the machine share. */
export function sharedNow(): number {
  return Number(process.hrtime.bigint()) / 1_000_000
}
