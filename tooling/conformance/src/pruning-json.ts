import type { StandIn } from '@casty/crdt'
import type { PruningState } from '@casty/replicator'
import { numberOf, oneOf, textOf, textsOf, type Json, type JsonObject } from './json.ts'

/** Any moment, and others before and after it. */
export const nowMs = 1_000_000
const moments: Readonly<Record<string, number>> = { past: nowMs - 1, future: nowMs + 1 }

/** A moment as a number, or as the word that stands for it. */
export function momentOf(value: Json | undefined, what: string): number {
  return typeof value === 'string'
    ? (moments[oneOf(value, Object.keys(moments), what)] ?? 0)
    : numberOf(value, what)
}

/** Cases do not say which dots stand in for those of a removed node. */
const nobody: StandIn = { node: 'nobody', from: 1, alone: 0, both: 0, own: new Map(), seen: [] }

export function pruningOf(state: JsonObject): PruningState {
  return oneOf(state['phase'], ['initialized', 'performed'], 'phase') === 'performed'
    ? { phase: 'performed', obsoleteAtMs: momentOf(state['obsoleteAt'], 'obsoleteAt'), by: nobody }
    : {
        phase: 'initialized',
        owner: textOf(state['owner'], 'owner'),
        seen: textsOf(state['seen'], 'seen'),
      }
}

export function pruningJson(state: PruningState): JsonObject {
  if (state.phase === 'initialized') return { ...state, seen: [...state.seen] }
  const word = Object.keys(moments).find((name) => moments[name] === state.obsoleteAtMs)
  return { phase: state.phase, obsoleteAt: word ?? state.obsoleteAtMs }
}
