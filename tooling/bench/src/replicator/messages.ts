// What the benchmark of values on every member says to its processes over IPC, and what they say to it. Instants are of the
// monotonic clock of the machine, which all its processes share, in milliseconds.
import type { Figures, Times } from '../ddata/messages.ts'

/** What is changed again and again: a counter, or a set of a thousand texts, of which one is put in anew. */
export type Changed = 'counter' | 'set'

export type Instruction =
  /** With no contacts, the node forms the cluster. */
  | { readonly type: 'start'; readonly contacts: readonly string[] }
  /** Waits until so many members are up, and hold values where this one does. */
  | { readonly type: 'wait-for-members'; readonly count: number }
  /** Holds values from now on. */
  | { readonly type: 'replicate' }
  | {
      readonly type: 'change-again'
      readonly changed: Changed
      readonly write: 'local' | 'majority'
      readonly inFlight: number
      readonly times: Times
    }
  /** Puts one element into a set that all follow. */
  | { readonly type: 'put'; readonly element: string }
  /** Waits until that element is here. */
  | { readonly type: 'wait-for-element'; readonly element: string }
  /** Makes so many counters. */
  | { readonly type: 'fill'; readonly keys: number }
  /** Waits until so many keys are here. */
  | { readonly type: 'wait-for-keys'; readonly keys: number }
  /** Makes so many counters, and a set of so many elements, and looks what they take. */
  | { readonly type: 'weigh'; readonly count: number }
  | { readonly type: 'use' }

export type Report =
  | { readonly type: 'started'; readonly address: string }
  | { readonly type: 'done' }
  | ({ readonly type: 'changed-again' } & Figures)
  /** When it was put in, or was here. */
  | { readonly type: 'here'; readonly at: number }
  | ({ readonly type: 'weighed' } & Weights)
  | { readonly type: 'used'; readonly use: Use }

/** In bytes, of one each. */
export interface Weights {
  readonly elementEncoded: number
  readonly elementHeld: number
  readonly keyHeld: number
}

/** What a process has used since its start. */
export interface Use {
  readonly at: number
  readonly cpuMs: number
  readonly bytesSent: number
}
