// The changes of state in a trace: what changed, and which writes brought it.
import type { NoteEvent, TraceEvent, WriteEvent } from '../world/trace.ts'
import {
  changeBetween,
  shortNames,
  wordsBy,
  type Shorten,
  type StateChange,
} from './state-changes.ts'

export interface Change extends StateChange {
  readonly index: number
  readonly at: number
  readonly host: string
  /** The description after it, and its words. */
  readonly after: string
  readonly words: readonly string[]
  /** Indices of the writes that arrived right before, in the same instant. */
  readonly arrivals: readonly number[]
}

export interface Changes {
  /** By their place in the trace; those that the description does not show have no parts. */
  readonly all: ReadonlyMap<number, Change>
  readonly shorten: Shorten
  /** The state of a host right before an event; undefined where no process has one. */
  before(host: string, index: number): Change | undefined
}

export function findChanges(trace: readonly TraceEvent[], hosts: readonly string[]): Changes {
  const wordsOf = wordsBy(hosts)
  const shorten = shortNames(
    trace.flatMap((event) => (isNote(event, 'state') ? wordsOf(event.text) : [])),
  )
  const all = new Map<number, Change>()
  const histories = new Map<string, Change[]>()
  const arrived = new Map<string, { readonly at: number; readonly indices: number[] }>()
  for (const [index, event] of trace.entries()) {
    if (event.type === 'write') {
      if (event.stage === 'arrived') noteArrival(arrived, event, index)
      continue
    }
    const { host, at, text } = event
    if (isNote(event, 'process') && isBirth(text)) histories.get(host)?.push(unborn(event, index))
    if (!isNote(event, 'state')) continue
    const history = histories.get(host) ?? []
    histories.set(host, history)
    const words = wordsOf(text)
    const difference = changeBetween(history.at(-1)?.words ?? [], words, shorten)
    const last = arrived.get(host)
    const arrivals = last?.at === at ? last.indices : []
    arrived.delete(host)
    const change: Change = { ...difference, index, at, host, after: text, words, arrivals }
    all.set(index, change)
    history.push(change)
  }
  return {
    all,
    shorten,
    before: (host, index) => histories.get(host)?.findLast((change) => change.index < index),
  }
}

/** A process that starts has nothing of the one before it. */
function unborn({ at, host }: NoteEvent, index: number): Change {
  return { index, at, host, after: '', words: [], parts: [], added: [], arrivals: [] }
}

export function isBirth(text: string): boolean {
  return text.startsWith('starts')
}

export function isNote(event: TraceEvent, kind: NoteEvent['kind']): event is NoteEvent {
  return event.type === 'note' && event.kind === kind
}

function noteArrival(
  arrived: Map<string, { readonly at: number; readonly indices: number[] }>,
  { to, at }: WriteEvent,
  index: number,
): void {
  const known = arrived.get(to)
  if (known?.at === at) known.indices.push(index)
  else arrived.set(to, { at, indices: [index] })
}
