// A run made by hand, in which every kind of thing happens: a finds b unreachable, tells c, and c
// complains; b stands still, is killed and started again; d leaves.
import {
  encodeMessage,
  membershipFrameType,
  NodeAddress,
  NodeIdentity,
  type ClusterMessage,
} from '@casty/membership'
import { FrameBatch } from '@casty/transport'
import type { NoteKind, RunResult, TraceEvent, WriteEvent } from '@casty/simulation'

export const hosts = ['a', 'b', 'c', 'd']

export function note(at: number, host: string, kind: NoteKind, text: string): TraceEvent {
  return { type: 'note', at, host, kind, text }
}

export function frame(frameType: number, body: Uint8Array): Uint8Array {
  const batch = new FrameBatch()
  batch.append(frameType, body, 0, body.length)
  return batch.take().slice()
}

export function carrying(message: ClusterMessage): Uint8Array {
  return frame(membershipFrameType, encodeMessage(message))
}

export function identity(host: string): NodeIdentity {
  return NodeIdentity.of(NodeAddress.of(host, 1), 17)
}

export function write(
  at: number,
  stage: WriteEvent['stage'],
  link: string,
  id: number,
  bytes: Uint8Array,
): TraceEvent {
  const [from = '', to = ''] = link.split('→')
  return { type: 'write', at, stage, id, from, to, bytes }
}

const heartbeat = carrying({ type: 'heartbeat', sequence: 1, paddingBytes: 0 })
const notReached = carrying({
  type: 'probe-answer',
  subject: identity('b'),
  sequence: 1,
  reached: false,
})
const join = carrying({ type: 'join', id: 'b', roles: [] })
const members = 'a#0017:up b#0017:up c#0017:up d#0017:up'

export const trace: readonly TraceEvent[] = [
  ...hosts.map((host) => note(0, host, 'process', 'starts')),
  ...hosts.map((host) => note(1, host, 'state', members)),
  write(10, 'sent', 'a→b', 1, heartbeat),
  write(11, 'arrived', 'a→b', 1, heartbeat),
  note(20, 'b', 'fault', 'pause for 900 ms'),
  note(25, 'c', 'fault', 'cut silent to a for 400 ms'),
  note(25, 'c', 'fault', 'cut silent to b for 400 ms'),
  write(30, 'sent', 'c→a', 1, heartbeat),
  write(30, 'lost', 'c→a', 1, heartbeat),
  write(31, 'sent', 'c→a', 2, notReached),
  write(31, 'lost', 'c→a', 2, notReached),
  note(40, 'd', 'workload', 'leave()'),
  note(45, 'd', 'log', 'info leaving {}'),
  note(50, 'd', 'process', 'exited: left'),
  note(920, 'b', 'process', 'goes on, timers-first'),
  note(5_000, 'a', 'state', `${members} | a✗b`),
  note(5_001, 'c', 'state', members),
  write(5_001, 'sent', 'a→c', 1, notReached),
  write(5_002, 'arrived', 'a→c', 1, notReached),
  note(5_002, 'c', 'state', 'a#0017:up b#0017:up! c#0017:up d#0017:up | a✗b'),
  note(5_003, 'b', 'process', 'crashed: killed'),
  note(5_004, 'b', 'process', 'starts, life 2'),
  write(5_005, 'sent', 'b→a', 1, join),
  write(5_006, 'arrived', 'b→a', 1, join),
  write(5_007, 'arrived', 'b→a', 1, join),
  write(5_008, 'sent', 'a→b', 2, join),
  note(5_010, 'c', 'violation', 'the healthy are reachable: c finds b unreachable'),
  note(5_020, 'a', 'log', 'info later {}'),
]

export function runOf(
  events: readonly TraceEvent[] | undefined = trace,
  overrides: Partial<RunResult> = {},
): RunResult {
  return {
    plan: {
      scenario: 'by hand',
      seed: 7,
      hosts: hosts.map((name) => ({ name })),
      settings: { downing: true },
      chaosMs: 4_000,
      off: [],
      actions: [],
    },
    verdict: 'violated',
    violations: [
      { checker: 'the healthy are reachable', at: 5_010, text: 'c finds b unreachable' },
    ],
    unknown: [],
    traceHash: '',
    events: events?.length ?? 0,
    virtualMs: 6_000,
    reached: new Map(),
    performed: new Map(),
    diskFaults: {},
    healing: [],
    lastEvents: new Map(),
    trace: events,
    ...overrides,
  }
}
