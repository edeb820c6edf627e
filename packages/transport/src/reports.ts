// What `Endpoint.explain()` tells, for people: plain data that can be printed.
import type { Trust } from './authentication.ts'
import type { EndpointCounters } from './counters.ts'

/** One endpoint, for people: every association with its lanes, queues and dials, and the counts. */
export interface EndpointReport {
  readonly self: string
  readonly transport: string
  readonly pendingHandshakes: number
  readonly associations: readonly AssociationReport[]
  readonly counters: EndpointCounters
}

/** One association, for people. */
export interface AssociationReport {
  readonly peer: string
  /** As what it proved itself, or says it takes part; undefined before there was a connection. */
  readonly trust: Trust | undefined
  readonly kept: boolean
  readonly gone: boolean
  readonly lastHeardAt: number | undefined
  readonly control: LaneReport
  readonly data: LaneReport
}

/** One lane, for people. */
export interface LaneReport {
  readonly state: 'idle' | 'dialling' | 'waiting' | 'open' | 'finishing'
  readonly queuedFrames: number
  readonly queuedBytes: number
  /** The network, or the peer, takes less than is sent. */
  readonly blocked: boolean
  /** Dials that failed and connections that broke since one held for a second. */
  readonly failures: number
  readonly nextDialInMs: number
}
