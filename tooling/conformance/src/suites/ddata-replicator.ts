import { deltaOf, gSet, Replica, withoutDelta, type GSet } from '@casty/crdt'
import {
  DeltaLog,
  majorityOf,
  mergePruning,
  sliceSizeOf,
  type PruningState,
} from '@casty/replicator'
import { runEnvelopeProgram } from '../envelope-program.ts'
import {
  isAbsent,
  numberOf,
  objectOf,
  objectsOf,
  oneOf,
  textOf,
  textsOf,
  type Json,
  type JsonObject,
} from '../json.ts'
import { pruningJson, pruningOf } from '../pruning-json.ts'
import { casesBySection } from '../sections.ts'
import { answer, fact, type Fact, type Suite } from '../vector-case.ts'

export const ddataReplicator: Suite = (file) =>
  casesBySection('ddata-replicator', file, {
    majority,
    sliceSize,
    deltaPropagation,
    pruningMerge,
    envelope: runEnvelopeProgram,
  })

function majority(data: JsonObject): readonly Fact[] {
  const [nodes, atLeast] = [numberOf(data['nodes'], 'nodes'), numberOf(data['minCap'], 'minCap')]
  const additional = numberOf(data['additional'], 'additional')
  return answer(data['expect'], majorityOf(nodes, atLeast, additional))
}

function sliceSize(data: JsonObject): readonly Fact[] {
  const from = numberOf(data['nodesFrom'], 'nodesFrom')
  const to = numberOf(data['nodesTo'], 'nodesTo')
  const divisor = numberOf(data['gossipIntervalDivisor'], 'gossipIntervalDivisor')
  return Array.from({ length: to - from + 1 }, (_, index) =>
    fact(`${from + index} nodes`, data['expect'] ?? null, sliceSizeOf(from + index, divisor)),
  )
}

function deltaPropagation(data: JsonObject): readonly Fact[] {
  const nodes = textsOf(data['nodes'], 'nodes')
  const divisor = numberOf(data['gossipIntervalDivisor'], 'gossipIntervalDivisor')
  const size = isAbsent(data['sliceSize'])
    ? sliceSizeOf(nodes.length, divisor)
    : numberOf(data['sliceSize'], 'sliceSize')
  const log = new DeltaLog<GSet<string>>()
  const deltas = new Deltas()
  return objectsOf(data['steps'] ?? data['ops'], 'steps').flatMap((step, index) => {
    const is = (actual: Json): readonly Fact[] => [
      fact(`step ${index + 1}`, step['expect'] ?? null, actual),
    ]
    const key = (): string => textOf(step['key'], 'key')
    switch (oneOf(step['op'], operations, 'op')) {
      case 'update':
        log.add(key(), deltas.next(key(), textsOf(step['delta'], 'delta')))
        return []
      case 'collect':
        return is(collectedJson(log, nodes, size))
      case 'cleanup':
        log.forgetTold(nodes)
        return []
      case 'hasEntries':
        return is(log.hasEntries(key()))
      case 'currentVersion':
        return is(log.currentVersion(key()))
    }
  })
}

const operations = ['update', 'collect', 'cleanup', 'hasEntries', 'currentVersion'] as const

/** What a node changes in the sets of its keys, one delta after another. */
class Deltas {
  readonly #replica = new Replica('self')
  readonly #sets = new Map<string, GSet<string>>()

  next(key: string, elements: readonly string[]): GSet<string> {
    const before = this.#sets.get(key) ?? gSet<string>().empty
    const after = elements.reduce((set, element) => set.add(this.#replica, element), before)
    this.#sets.set(key, withoutDelta(after))
    return deltaOf(after) ?? after
  }
}

function collectedJson(
  log: DeltaLog<GSet<string>>,
  nodes: readonly string[],
  size: number,
): JsonObject {
  const collected = [...log.collect(nodes, size)].map(([node, deltas]): [string, Json] => {
    const told = [...deltas].map(([key, { delta, from, to }]): [string, Json] => [
      key,
      { elements: delta.value, from, to },
    ])
    return [node, Object.fromEntries(told)]
  })
  return Object.fromEntries(collected)
}

function pruningMerge(data: JsonObject): readonly Fact[] {
  const side = (key: string): PruningState => pruningOf(objectOf(data[key], key))
  const [left, right] = [side('left'), side('right')]
  const expected = data['expect'] ?? null
  return [
    fact('merged', expected, pruningJson(mergePruning(left, right))),
    ...(data['commutes'] === true
      ? [fact('merged the other way round', expected, pruningJson(mergePruning(right, left)))]
      : []),
  ]
}
