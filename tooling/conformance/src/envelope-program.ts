import { gCounter, modifiedBy, Replica, type GCounter } from '@casty/crdt'
import {
  addSeen,
  beginPruning,
  envelopeOf,
  mergeEnvelopes,
  performPruning,
  withPruning,
  type Envelope,
} from '@casty/replicator'
import {
  countsOf,
  isAbsent,
  objectOf,
  objectsOf,
  textOf,
  type Json,
  type JsonObject,
} from './json.ts'
import { momentOf, nowMs, pruningJson, pruningOf } from './pruning-json.ts'
import { fact, type Fact } from './vector-case.ts'

type Counter = Envelope<GCounter>

/** Steps on envelopes of counters, which have names. */
export function runEnvelopeProgram(data: JsonObject): readonly Fact[] {
  const envelopes = new Map<string, Counter>()
  const named = (name: Json | undefined): Counter => {
    const found = envelopes.get(textOf(name, 'an envelope'))
    if (found) return found
    throw new Error(`${JSON.stringify(name)} is no envelope that a step made`)
  }
  return objectsOf(data['steps'] ?? data['ops'], 'steps').flatMap((step, index) => {
    if (isAbsent(step['let'])) return expected(step, `step ${index + 1}`, named)
    envelopes.set(textOf(step['let'], 'let'), made(step, named))
    return []
  })
}

function made(step: JsonObject, named: (name: Json | undefined) => Counter): Counter {
  if (isAbsent(step['op'])) return envelopeOf(counterOf(step['gcounter']))
  const on = named(step['on'])
  const removed = (): string => textOf(step['removedNode'], 'removedNode')
  switch (step['op']) {
    case 'merge':
      return mergeEnvelopes(on, named(step['with']), nowMs)
    case 'initRemovedNodePruning':
      return beginPruning(on, removed(), textOf(step['owner'], 'owner'))
    case 'addSeen':
      return addSeen(on, textOf(step['node'], 'node'))
    case 'prune': {
      const state = on.pruning.get(removed())
      if (state?.phase !== 'initialized') throw new Error(`${removed()} is not being pruned`)
      const obsoleteAtMs = momentOf(step['performedObsoleteAt'], 'performedObsoleteAt')
      return performPruning(on, removed(), new Replica(state.owner), obsoleteAtMs)
    }
    case 'setPruning':
      return withPruning(
        on,
        textOf(step['node'], 'node'),
        pruningOf(objectOf(step['state'], 'state')),
      )
    case 'clearPruning':
      return { ...on, pruning: new Map() }
    default:
      throw new Error(`op ${JSON.stringify(step['op'])} is unknown`)
  }
}

function counterOf(value: Json | undefined): GCounter {
  return countsOf(value, 'gcounter').reduce(
    (counter, [node, count]) => counter.increment(new Replica(node), count),
    gCounter().empty,
  )
}

function expected(
  step: JsonObject,
  place: string,
  named: (name: Json | undefined) => Counter,
): readonly Fact[] {
  const is = (actual: Json): readonly Fact[] => [fact(place, step['equals'] ?? null, actual)]
  if (!isAbsent(step['expectValue'])) return is(named(step['expectValue']).value.value)
  if (!isAbsent(step['expectModifiedBy']))
    return is([...modifiedBy(named(step['expectModifiedBy']).value)])
  if (!isAbsent(step['expectPruning'])) {
    const state = named(step['expectPruning']).pruning.get(textOf(step['node'], 'node'))
    return is(state === undefined ? null : pruningJson(state))
  }
  if (!isAbsent(step['expectNoPruning']))
    return [fact(place, 0, named(step['expectNoPruning']).pruning.size)]
  throw new Error(`${place} asks for nothing that is known`)
}
