import { VectorClock, type VectorRelation } from '@casty/clock'
import { countsOf, isAbsent, textOf, textsOf, type Json, type JsonObject } from '../json.ts'
import { casesByKind } from '../sections.ts'
import { answer, fact, type Fact, type Suite } from '../vector-case.ts'

export const vectorClock: Suite = (file) =>
  casesByKind('vector-clock', file, { compare, merge, prune })

function clockOf(value: Json | undefined, what: string): VectorClock {
  return VectorClock.of(countsOf(value, what))
}

function compare(data: JsonObject): readonly Fact[] {
  const left = clockOf(data['left'], 'left')
  const right = clockOf(data['right'], 'right')
  const expected = data['expect'] ?? null
  return [
    fact('left against right', expected, left.compare(right)),
    ...(isAbsent(data['expectReversed'])
      ? []
      : [fact('right against left', data['expectReversed'], right.compare(left))]),
    fact('predicates', expected, relationByPredicates(left, right)),
    ...increments(data, 'leftIncrements', left),
    ...increments(data, 'rightIncrements', right),
  ]
}

/** The relation as the single questions answer it; they must not contradict each other. */
function relationByPredicates(left: VectorClock, right: VectorClock): VectorRelation | 'several' {
  const held: VectorRelation[] = []
  if (left.equals(right)) held.push('same')
  if (left.isBefore(right)) held.push('before')
  if (left.isAfter(right)) held.push('after')
  if (left.isConcurrentWith(right)) held.push('concurrent')
  const [only] = held
  return only !== undefined && held.length === 1 ? only : 'several'
}

function increments(data: JsonObject, key: string, clock: VectorClock): readonly Fact[] {
  if (isAbsent(data[key])) return []
  let built = VectorClock.empty
  for (const node of textsOf(data[key], key)) built = built.increment(node)
  return [fact(key, clock.toJSON(), built.toJSON())]
}

function merge(data: JsonObject): readonly Fact[] {
  const left = clockOf(data['left'], 'left')
  const right = clockOf(data['right'], 'right')
  const merged = left.merge(right)
  const relation = (key: string, clock: VectorClock): readonly Fact[] =>
    isAbsent(data[key]) ? [] : [fact(key, data[key], clock.compare(merged))]
  return [
    fact('merged', clockOf(data['expect'], 'expect').toJSON(), merged.toJSON()),
    fact('merged the other way round', merged.toJSON(), right.merge(left).toJSON()),
    ...relation('expectLeftVsMerged', left),
    ...relation('expectRightVsMerged', right),
  ]
}

function prune(data: JsonObject): readonly Fact[] {
  const pruned = clockOf(data['clock'], 'clock').without(textOf(data['node'], 'node'))
  return answer(clockOf(data['expect'], 'expect').toJSON(), pruned.toJSON())
}
