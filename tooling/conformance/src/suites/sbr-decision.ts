import { rule, type DowningStrategy, type SbrView } from '@casty/sbr'
import { isObject, numberOf, objectOf, type Json, type JsonObject } from '../json.ts'
import {
  decisionName,
  describeDecided,
  downedLabels,
  expectedDecided,
  sbrViewOf,
  setOf,
  strategyOf,
  type Decided,
  type LabelledView,
} from '../sbr-model.ts'
import { casesBySection } from '../sections.ts'
import { fact, type Fact, type Suite } from '../vector-case.ts'

/** Asks as a running resolver does, by `rule`. The kind of a case is the name of its strategy. */
export const sbrDecision: Suite = (file) =>
  casesBySection('sbr-decision', file, { cases: decisionFacts }).map((vector) => {
    const { strategy } = vector.data
    const name = isObject(strategy) ? strategy['name'] : undefined
    return typeof name === 'string' ? { ...vector, kind: name } : vector
  })

/** How a view is decided on: by our rule, or by one that it is compared with. */
export type Decide = (strategy: DowningStrategy, view: SbrView, share: number | 'off') => Decided

function decisionFacts(data: JsonObject): readonly Fact[] {
  const expected = expectedParts(data)
  const actual = decisionParts(data, (strategy, view, share) =>
    rule(strategy, view, { downAllWhenIndirectlyConnected: share }),
  )
  return Object.entries(expected).map(([part, wanted]) => fact(part, wanted, actual[part] ?? null))
}

/** The answers to a case, by part. Upstream leaves the share of the indirectly connected to an option. */
export function decisionParts(data: JsonObject, decide: Decide): Readonly<Record<string, Json>> {
  const labelled = sbrViewOf(objectOf(data['view'], 'view'))
  const strategy = strategyOf(objectOf(data['strategy'], 'strategy'), labelled)
  const decided = decide(strategy, labelled.view, 'off')
  const parts = describeDecided(decided, labelled.labels)
  const expected = objectOf(data['expect'], 'expect')
  if (expected['withThreshold'] !== undefined)
    return { ...parts, ...thresholdParts(data, labelled, decide, strategy, decided) }
  if (expected['unresolvable'] !== true) return parts
  // Upstream decides so twice, and then gives up.
  const isUnresolvable = parts['decision'] === 'down-all'
  return {
    ...parts,
    decision: isUnresolvable ? 'down-indirectly-connected' : (parts['decision'] ?? null),
    unresolvable: isUnresolvable,
    fallbackDecision: parts['decision'] ?? null,
  }
}

function thresholdParts(
  data: JsonObject,
  { labels, view }: LabelledView,
  decide: Decide,
  strategy: DowningStrategy,
  without: Decided,
): JsonObject {
  const share = objectOf(data['settings'], 'settings')['downAllWhenIndirectlyConnected']
  const withThreshold = decide(strategy, view, numberOf(share, 'downAllWhenIndirectlyConnected'))
  return {
    thresholdReached: withThreshold.decision.type !== without.decision.type,
    'withThreshold.decision': decisionName(withThreshold.decision),
    'withThreshold.down': downedLabels(withThreshold, labels),
  }
}

function expectedParts(data: JsonObject): JsonObject {
  const expected = objectOf(data['expect'], 'expect')
  const parts = expectedDecided(expected)
  const threshold = expected['withThreshold']
  return {
    ...parts,
    ...pick(expected, 'unresolvable', 'fallbackDecision', 'thresholdReached'),
    ...(threshold === undefined
      ? {}
      : {
          'withThreshold.decision': objectOf(threshold, 'withThreshold')['decision'] ?? null,
          'withThreshold.down': setOf(objectOf(threshold, 'withThreshold')['down']),
        }),
  }
}

function pick(data: JsonObject, ...names: readonly string[]): JsonObject {
  return Object.fromEntries(
    names.flatMap((name) => (data[name] === undefined ? [] : [[name, data[name]]])),
  )
}
