import type { HeldLimits } from './held-frames.ts'
import type { HostingSettings } from './hosting.ts'
import type { BufferLimits } from './letter-buffer.ts'
import type { RouteSurroundings } from './shard-route.ts'

/** Bounds and patience of all regions of a node. */
export interface RegionSettings {
  /** How long a node that leaves waits for others to have its copies, in milliseconds. */
  readonly copyTimeoutMs: number
  readonly buffer: BufferLimits
  readonly held: HeldLimits
  readonly route: Pick<RouteSurroundings, 'drainTimeoutMs' | 'fenceAgainMs' | 'behindTimeoutMs'>
  readonly hosting: Omit<HostingSettings, 'numShards' | 'idleTimeoutMs' | 'keepAlive'>
}
