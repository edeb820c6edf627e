import type { Workload } from './workload.ts'

export type SubjectName = 'raw' | 'casty'

/** What one end of a measurement is told, as its only argument in JSON. */
export interface Assignment {
  readonly subject: SubjectName
  readonly workload: Workload
  /** Where to connect; absent for the side that listens. */
  readonly port?: number
}
