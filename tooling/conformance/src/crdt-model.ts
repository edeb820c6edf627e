// What programs of crdt.json come to by two sets of rules, told by events instead of dots: nothing of it is
// shared with @casty/crdt. Ours: what a remover had seen is gone, and everything else counts. Upstream's: a
// map joins whatever the two sides hold of a key, also what one of them had removed; and a set holds for
// seen what a node added before what it has seen of that node.
import { isAbsent, isObject, objectsOf, textOf, type Json, type JsonObject } from './json.ts'
import type { Parts } from './deviations.ts'

/** One thing that was put somewhere; without content it stands for the key itself. */
interface Put {
  readonly key: string
  readonly node: string
  readonly element?: Json
  readonly amount?: number
}

interface State {
  /** Everything that this side has heard of, by number. */
  readonly puts: ReadonlyMap<number, Put>
  readonly removed: ReadonlySet<number>
  /** By upstream's rules: what this side holds below each key. */
  readonly held: ReadonlyMap<string, ReadonlySet<number>>
  /** The same for what changed since the delta was reset. */
  readonly since: Omit<State, 'since'> | undefined
}

type Rules = 'ours' | 'upstream'

const empty: State = { puts: new Map(), removed: new Set(), held: new Map(), since: undefined }

/** What each step that asks for a value is answered, by the name of its fact. */
export function modelled(data: JsonObject, rules: Rules): Parts {
  const values = new Map<string, State>()
  const model = new Model(rules)
  const answers: [string, Json][] = []
  objectsOf(data['steps'], 'steps').forEach((step, index) => {
    const of = (name: Json | undefined): State => values.get(textOf(name, 'name')) ?? empty
    const kind = step['expect']
    if (kind === 'value' && isAbsent(step['equalsBigInt'])) {
      const value = model.value(of(step['of']), data['type'] === 'orset')
      answers.push([`step ${index + 1}: value`, value])
    }
    if (kind === undefined && !isAbsent(step['let']))
      values.set(textOf(step['let'], 'let'), model.step(step, of))
  })
  return Object.fromEntries(answers)
}

class Model {
  readonly #rules: Rules
  #number = 0

  constructor(rules: Rules) {
    this.#rules = rules
  }

  step(step: JsonObject, of: (name: Json | undefined) => State): State {
    const state = isAbsent(step['on']) ? empty : of(step['on'])
    const key = typeof step['key'] === 'string' ? step['key'] : ''
    switch (step['op']) {
      case undefined:
        return empty
      case 'merge':
        return this.#merged(state, of(step['with']), true)
      case 'mergeDelta':
        return this.#merged(state, of(step['delta']), false)
      case 'delta':
        return { ...(state.since ?? state), since: undefined }
      case 'resetDelta':
        return { ...state, since: { puts: new Map(), removed: new Set(), held: new Map() } }
      case 'put': {
        const source = step['value']
        const value = isObject(source) ? of(source['var']) : empty
        const without = this.#touched(
          this.#without(state, key, () => true),
          step,
          key,
        )
        return this.#live(value, '').reduce((all, put) => this.#with(all, { ...put, key }), without)
      }
      case 'remove':
        return step['element'] === undefined
          ? this.#without(state, key, () => true)
          : this.#without(state, key, ({ element }) => element === step['element'])
      case 'updated':
        return objectsOf(step['ops'], 'ops').reduce(
          (all, operation) => this.#changed(all, { ...step, ...operation }, key),
          this.#touched(state, step, key),
        )
      default:
        return this.#changed(key === '' ? state : this.#touched(state, step, key), step, key)
    }
  }

  #changed(state: State, step: JsonObject, key: string): State {
    const node = typeof step['node'] === 'string' ? step['node'] : ''
    switch (step['op']) {
      case 'add':
        return this.#with(state, { key, node, element: step['element'] ?? null })
      case 'clear':
        return this.#without(state, key, ({ element }) => element !== undefined)
      case 'increment':
        return this.#with(state, { key, node, amount: Number(step['by']) })
      case 'decrement':
        return this.#with(state, { key, node, amount: -Number(step['by']) })
      default:
        return state
    }
  }

  #with(state: State, put: Put): State {
    const number = ++this.#number
    const add = (side: Omit<State, 'since'>, held: ReadonlySet<number>): Omit<State, 'since'> => ({
      puts: new Map(side.puts).set(number, put),
      removed: side.removed,
      held: new Map(side.held).set(put.key, new Set(held).add(number)),
    })
    const held = state.held.get(put.key) ?? new Set()
    // A delta of upstream's holds the whole value of a key that changed.
    return { ...add(state, held), since: state.since && add(this.#whole(state, put.key), held) }
  }

  /** What changed, with everything that is known of a key by upstream's rules. */
  #whole(state: State, key: string): Omit<State, 'since'> {
    const since = state.since ?? state
    if (this.#rules === 'ours' || key === '') return since
    const held = state.held.get(key) ?? new Set()
    const puts = [...state.puts].filter(([number]) => held.has(number))
    return { ...since, puts: new Map([...since.puts, ...puts]) }
  }

  #touched(state: State, step: JsonObject, key: string): State {
    const node = typeof step['node'] === 'string' ? step['node'] : ''
    const bare = ({ element, amount }: Put): boolean =>
      element === undefined && amount === undefined
    return this.#with(this.#without(state, key, bare, false), { key, node })
  }

  /** @param forgets - whether upstream's rules let go of the whole value */
  #without(state: State, key: string, is: (put: Put) => boolean, forgets = true): State {
    const gone = [...state.puts].filter(
      ([number, put]) => put.key === key && is(put) && !state.removed.has(number),
    )
    const isKey = key !== '' && forgets && this.#rules === 'upstream'
    const counted = isKey
      ? gone.filter(([, { element, amount }]) => element === undefined && amount === undefined)
      : gone
    const remove = (side: Omit<State, 'since'>): Omit<State, 'since'> => {
      const held = new Map(side.held)
      if (isKey) held.delete(key)
      return {
        puts: side.puts,
        removed: new Set([...side.removed, ...counted.map(([number]) => number)]),
        held,
      }
    }
    return { ...remove(state), since: state.since && remove(state.since) }
  }

  /** @param isWhole - both are states; else the right one is a delta */
  #merged(left: State, right: State, isWhole: boolean): State {
    const seen =
      isWhole && this.#rules === 'upstream'
        ? [...passedOver(left, right), ...passedOver(right, left)]
        : []
    const merged: State = {
      puts: new Map([...left.puts, ...right.puts]),
      removed: new Set([...left.removed, ...right.removed, ...seen]),
      held: new Map(),
      since: left.since,
    }
    const keys = new Set([...left.held.keys(), ...right.held.keys()])
    const held = [...keys].map(
      (key) =>
        [key, new Set([...(left.held.get(key) ?? []), ...(right.held.get(key) ?? [])])] as const,
    )
    return { ...merged, held: new Map(held) }
  }

  #live(state: State, key: string): readonly Put[] {
    return [...state.puts]
      .filter(([number, put]) => put.key === key && !state.removed.has(number))
      .filter(
        ([number, { element, amount }]) =>
          this.#rules === 'ours' ||
          key === '' ||
          (element === undefined && amount === undefined) ||
          state.held.get(key)?.has(number) === true,
      )
      .map(([, put]) => put)
  }

  value(state: State, isSet: boolean): Json {
    if (isSet) return contentOf(this.#live(state, ''))
    const keys = new Set([...state.puts.values()].map(({ key }) => key))
    const present = [...keys].filter((key) => {
      const live = this.#live(state, key)
      return this.#rules === 'ours'
        ? live.length > 0
        : live.some(({ element, amount }) => element === undefined && amount === undefined)
    })
    return Object.fromEntries(present.map((key) => [key, contentOf(this.#live(state, key))]))
  }
}

/**
 * By upstream's rules a side that has seen a later element of a node has seen its earlier ones: those of the
 * other that it has not are taken for removed. Only of sets by themselves: maps keep to what they hold.
 */
function passedOver(left: State, right: State): readonly number[] {
  return [...left.puts]
    .filter(
      ([number, { key, node }]) =>
        key === '' &&
        !right.puts.has(number) &&
        [...right.puts].some(([other, put]) => put.node === node && other > number),
    )
    .map(([number]) => number)
}

function contentOf(puts: readonly Put[]): Json {
  const amounts = puts.flatMap(({ amount }) => amount ?? [])
  if (amounts.length > 0) return amounts.reduce((sum, amount) => sum + amount, 0)
  const elements = puts.flatMap(({ element }) => (element === undefined ? [] : [element]))
  return [...new Set(elements)].toSorted((left, right) =>
    compareText(JSON.stringify(left), JSON.stringify(right)),
  )
}

function compareText(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1
}
