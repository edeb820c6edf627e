import { nodesToDown, rule, ruleDefaults } from '@casty/sbr'
import {
  isAbsent,
  MalformedVector,
  objectOf,
  objectsOf,
  sorted,
  textOf,
  textsOf,
  type Json,
  type JsonObject,
} from '../json.ts'
import {
  deniedOf,
  describeDecided,
  expectedDecided,
  sbrViewOf,
  setOf,
  strategyOf,
  type Decided,
  type LabelledView,
} from '../sbr-model.ts'
import { casesByKind } from '../sections.ts'
import type { Decide } from './sbr-decision.ts'
import { fact, type Fact, type Suite } from '../vector-case.ts'

/** Several parts of one cluster, each of which decides by itself as a running resolver does. */
export const sbrSafety: Suite = (file) =>
  casesByKind('sbr-safety', file, {
    'same-view': agreedFacts,
    'skewed-view': agreedFacts,
    // What is expected of the parts is what upstream's rule answers, and what must not be.
    hole: requiredFacts,
  })

interface Part extends LabelledView {
  readonly nodes: readonly string[]
  readonly decided: Decided
}

/** As a running resolver decides: with all that it leaves out, and its defaults. */
const byRule: Decide = (strategy, view) => rule(strategy, view)

function partsOf(data: JsonObject, decide: Decide): readonly Part[] {
  const parts = objectsOf(data['parts'], 'parts')
  if (parts.length < 2) throw new MalformedVector('parts holds fewer than two')
  return parts.map((part) => {
    const labelled = sbrViewOf(objectOf(part['view'], 'view'))
    const strategy = strategyOf(objectOf(data['strategy'], 'strategy'), labelled)
    const decided = decide(strategy, labelled.view, ruleDefaults.downAllWhenIndirectlyConnected)
    return { ...labelled, nodes: textsOf(part['nodes'], 'nodes'), decided }
  })
}

function agreedFacts(data: JsonObject): readonly Fact[] {
  const actual = safetyParts(data, byRule)
  const wanted = objectsOf(data['parts'], 'parts').flatMap((part, index) =>
    isAbsent(part['expect']) ? [] : expectedOf(objectOf(part['expect'], 'expect'), index),
  )
  const facts = wanted.map(([part, value]) => fact(part, value, actual[part] ?? null))
  return [...facts, ...requiredFacts(data)]
}

type NamedParts = readonly (readonly [part: string, value: Json])[]

function named(index: number, parts: JsonObject): NamedParts {
  return Object.entries(parts).map(([name, value]) => [`part ${index}: ${name}`, value])
}

function expectedOf(expected: JsonObject, index: number): NamedParts {
  const denied = expected['ifLeaseDenied']
  return named(index, {
    ...expectedDecided(expected),
    survivors: setOf(expected['survivors']),
    ...(isAbsent(denied)
      ? {}
      : { 'ifLeaseDenied.survivors': setOf(objectOf(denied, 'ifLeaseDenied')['survivors']) }),
  })
}

/** What each part of a case comes to, by the rule that it decides by. */
export function safetyParts(data: JsonObject, decide: Decide): Readonly<Record<string, Json>> {
  const answers = partsOf(data, decide).flatMap((part, index) => {
    const denied = deniedOf(part.decided)
    return named(index, {
      ...describeDecided(part.decided, part.labels),
      survivors: survivorsOf(part, granted(part.decided)),
      ...(denied ? { 'ifLeaseDenied.survivors': survivorsOf(part, denied) } : {}),
    })
  })
  return Object.fromEntries(answers)
}

function granted({ decision, view }: Decided): Decided {
  return decision.type === 'acquire-lease'
    ? { decision: decision.granted, view }
    : { decision, view }
}

/** Who is left of a part: its nodes but those downed, or on their way out in any case. */
function survivorsOf({ nodes, labels, view }: Part, decided: Decided): readonly string[] {
  const down = new Set(nodesToDown(decided.view, decided.decision).map(({ key }) => key))
  const left = view.members.filter(
    ({ key, status }) =>
      status !== 'exiting' && status !== 'down' && status !== 'removed' && !down.has(key),
  )
  return sorted(left.map(({ key }) => labels.label(key))).filter((label) => nodes.includes(label))
}

function requiredFacts(data: JsonObject): readonly Fact[] {
  const parts = partsOf(data, byRule)
  const surviving = (outcomes: readonly Decided[]): readonly Json[] =>
    outcomes.flatMap((outcome, index) => {
      const part = parts[index]
      return part && survivorsOf(part, outcome).length > 0 ? [index] : []
    })
  const require = textOf(data['require'], 'require')
  switch (require) {
    case 'at-most-one-part-survives': {
      const left = surviving(parts.map(({ decided }) => granted(decided)))
      return [fact(require, true, left.length <= 1)]
    }
    case 'exactly-one-lease-holder-survives':
      return parts.map((_, holder) =>
        fact(
          `${require}: part ${holder}`,
          [holder],
          surviving(
            parts.map(({ decided }, index) =>
              index === holder ? granted(decided) : (deniedOf(decided) ?? decided),
            ),
          ),
        ),
      )
    default:
      throw new MalformedVector(`require "${require}" is unknown`)
  }
}
