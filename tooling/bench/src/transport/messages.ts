import type { Workload } from './workload.ts'

/** Bare sockets, and endpoints over them: each with frames on TCP and on WebSocket. */
export type SubjectName = 'raw' | 'casty' | 'raw-ws' | 'casty-ws'

/** What one end of a measurement is told, as its only argument in JSON. */
export interface Assignment {
  readonly subject: SubjectName
  readonly workload: Workload
  /** Where to connect; absent for the side that listens. */
  readonly port?: number
}
