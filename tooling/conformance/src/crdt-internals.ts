import {
  CausalContext,
  branchOf,
  entriesOf,
  join,
  stampsOf,
  type Causal,
  type DotStore,
} from '@casty/crdt'
import { countsOf, entriesOf as jsonEntries, objectOf, type Json, type JsonObject } from './json.ts'
import { answer, fact, type Fact } from './vector-case.ts'

/** A version vector: all dots up to a counter. */
function contextOf(value: Json | undefined, what: string): CausalContext {
  return CausalContext.of(countsOf(value, what).map(([node, count]) => [node, [1, count]] as const))
}

function leafOf(value: Json | undefined, what: string): DotStore {
  const dots = countsOf(value, what).map(
    ([node, counter]) => [node, { counter, payload: [] }] as const,
  )
  return { type: 'leaf', dots: new Map(dots) }
}

function leafJson(leaf: DotStore | undefined): JsonObject {
  return Object.fromEntries([...stampsOf(leaf)].map(([node, { counter }]) => [node, counter]))
}

/** Joining with a side that has seen them and has none of them leaves the dots that it has not seen. */
export function subtractDots(data: JsonObject): readonly Fact[] {
  const dots = leafOf(data['dot'], 'dot')
  const own = contextOf(data['dot'], 'dot')
  const seen = { store: undefined, context: contextOf(data['vector'], 'vector') }
  return answer(data['expect'], leafJson(join({ store: dots, context: own }, seen).store))
}

function causalOf(value: Json | undefined, what: string): Causal {
  const side = objectOf(value, what)
  const elements = jsonEntries(side['elements'], `${what}.elements`)
  return {
    store: branchOf(elements.map(([key, dots]) => [key, leafOf(dots, `${what}.${key}`)] as const)),
    context: contextOf(side['vector'], `${what}.vector`),
  }
}

function causalJson({ store, context }: Causal): JsonObject {
  return {
    elements: Object.fromEntries(
      [...entriesOf(store)].map(([key, leaf]) => [key, leafJson(leaf)] as const),
    ),
    vector: Object.fromEntries(context.nodes.map((node) => [node, context.highest(node)] as const)),
  }
}

export function mergeState(data: JsonObject): readonly Fact[] {
  const [left, right] = [causalOf(data['left'], 'left'), causalOf(data['right'], 'right')]
  const expected = data['expect'] ?? null
  return [
    fact('merged', expected, causalJson(join(left, right))),
    fact('merged the other way round', expected, causalJson(join(right, left))),
  ]
}
