import type { Workload } from './workload.ts'

/** Bare sockets, and endpoints over them: each with frames on TCP and on WebSocket, plain and with TLS. */
export type SubjectName =
  | 'raw'
  | 'casty'
  | 'raw-tls'
  | 'casty-tls'
  | 'raw-ws'
  | 'casty-ws'
  | 'raw-wss'
  | 'casty-wss'

/** What both ends show and trust: texts in PEM. */
export interface Credentials {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** What one end of a measurement is told, as its only argument in JSON. */
export interface Assignment {
  readonly subject: SubjectName
  readonly workload: Workload
  /** Of subjects with TLS. */
  readonly tls?: Credentials
  /** Where to connect; absent for the side that listens. */
  readonly port?: number
}
