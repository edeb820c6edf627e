// The operations of the vectors on the types of @casty/crdt.
import {
  deltaOf,
  equals,
  flag,
  gCounter,
  gSet,
  lwwMap,
  lwwRegister,
  merge,
  modifiedBy,
  mvRegister,
  orMap,
  orMultiMap,
  orSet,
  pnCounter,
  pnCounterMap,
  pruned,
  withoutDelta,
  withoutNode,
  type Crdt,
  type CrdtType,
  type ORMap,
  type Replica,
} from '@casty/crdt'
import {
  isAbsent,
  isList,
  isObject,
  listOf,
  numberOf,
  objectOf,
  objectsOf,
  textOf,
  type Json,
  type JsonObject,
} from './json.ts'

/** A value of any type, and what is asked of it. */
export interface CrdtValue {
  readonly crdt: unknown
  value(): Json
  exactValue(): string
  entry(key: string): Json
  contains(key: string): boolean
  state(): Json
  nodes(): readonly string[]
  equals(other: CrdtValue): boolean
  merge(other: CrdtValue): CrdtValue
  delta(): CrdtValue
  resetDelta(): CrdtValue
  prune(removed: string, into: Replica): CrdtValue
  withoutNode(removed: string): CrdtValue
  change(step: JsonObject, context: StepContext): CrdtValue
  /** A map of values of this one's type. */
  mapOf(): CrdtValue
}

/** What a step refers to. */
export interface StepContext {
  readonly replica: (node: Json | undefined) => Replica
  readonly value: (reference: Json | undefined) => CrdtValue
}

export function changesOf(value: CrdtValue, step: JsonObject, context: StepContext): CrdtValue {
  switch (textOf(step['op'], 'op')) {
    case 'merge':
      return value.merge(context.value(step['with']))
    case 'mergeDelta':
      return value.merge(context.value(step['delta']))
    case 'mergeDeltas': {
      const list = isList(step['with']) ? step['with'] : [step['with'] ?? null]
      return list.reduce<CrdtValue>((all, name) => all.merge(context.value(name)), value)
    }
    case 'delta':
      return value.delta()
    case 'resetDelta':
      return value.resetDelta()
    case 'prune':
      return value.prune(
        textOf(step['removedNode'], 'removedNode'),
        context.replica(step['collapseInto']),
      )
    case 'pruningCleanup':
      return value.withoutNode(textOf(step['removedNode'], 'removedNode'))
    default:
      return value.change(step, context)
  }
}

interface Reading<C> {
  readonly value: (crdt: C) => Json
  readonly exactValue?: (crdt: C) => bigint
  readonly state?: (crdt: C) => Json
  readonly change: (crdt: C, step: JsonObject, context: StepContext) => C
}

class Held<C extends Crdt<C>> implements CrdtValue {
  readonly crdt: C
  readonly #reading: Reading<C>

  constructor(crdt: C, reading: Reading<C>) {
    this.crdt = crdt
    this.#reading = reading
  }

  value(): Json {
    return this.#reading.value(this.crdt)
  }

  exactValue(): string {
    return String(this.#reading.exactValue?.(this.crdt))
  }

  entry(key: string): Json {
    return objectOf(this.value(), 'value')[key] ?? null
  }

  contains(key: string): boolean {
    const value = this.value()
    return isObject(value) ? Object.hasOwn(value, key) : listOf(value, 'value').includes(key)
  }

  state(): Json {
    return this.#reading.state?.(this.crdt) ?? null
  }

  nodes(): readonly string[] {
    return modifiedBy(this.crdt)
  }

  equals(other: CrdtValue): boolean {
    return equals(this.crdt, this.alike(other))
  }

  merge(other: CrdtValue): CrdtValue {
    return this.with(merge(this.crdt, this.alike(other)))
  }

  delta(): CrdtValue {
    return this.with(deltaOf(this.crdt) ?? this.crdt.type.empty)
  }

  resetDelta(): CrdtValue {
    return this.with(withoutDelta(this.crdt))
  }

  prune(removed: string, into: Replica): CrdtValue {
    return this.with(pruned(this.crdt, removed, into))
  }

  withoutNode(removed: string): CrdtValue {
    return this.with(withoutNode(this.crdt, removed))
  }

  change(step: JsonObject, context: StepContext): CrdtValue {
    return this.with(this.#reading.change(this.crdt, step, context))
  }

  /** A map of values of this type. */
  mapOf(): CrdtValue {
    return new Held(orMap(this.crdt.type).empty, mapReading<C>(this))
  }

  with(crdt: C): Held<C> {
    return new Held(crdt, this.#reading)
  }

  alike(other: CrdtValue): C {
    // Values of one program that are merged, compared or put are of one type; merge() refuses others.
    return other.crdt as C
  }
}

type Create = () => CrdtValue

function creates<C extends Crdt<C>>(type: CrdtType<C>, reading: Reading<C>): Create {
  return () => new Held(type.empty, reading)
}

function unknownOperation(type: string, step: JsonObject): Error {
  return new Error(`${type} has no operation ${JSON.stringify(step['op'])}`)
}

function amountIn(step: JsonObject): number | bigint {
  const by = step['by'] ?? 1
  return isObject(by) ? BigInt(textOf(by['bigint'], 'bigint')) : numberOf(by, 'by')
}

const elementIn = (step: JsonObject, key = 'element'): Json => {
  const element = step[key]
  if (isAbsent(element)) throw new Error(`${key} is missing`)
  return element
}

const keyIn = (step: JsonObject): string => textOf(step['key'], 'key')

function totalsJson(totals: ReadonlyMap<string, bigint>): JsonObject {
  return Object.fromEntries([...totals].map(([node, total]) => [node, Number(total)]))
}

const mapJson = (map: ReadonlyMap<string, Json>): JsonObject => Object.fromEntries(map)

const createGCounter = creates(gCounter(), {
  value: (crdt) => crdt.value,
  exactValue: (crdt) => crdt.bigValue,
  state: (crdt) => totalsJson(crdt.totals),
  change: (crdt, step, { replica }) => {
    if (step['op'] !== 'increment') throw unknownOperation('gcounter', step)
    return crdt.increment(replica(step['node']), amountIn(step))
  },
})

const createPNCounter = creates(pnCounter(), {
  value: (crdt) => crdt.value,
  exactValue: (crdt) => crdt.bigValue,
  state: (crdt) => ({
    increments: totalsJson(crdt.increments),
    decrements: totalsJson(crdt.decrements),
  }),
  change: (crdt, step, { replica }) => {
    if (step['op'] === 'increment') return crdt.increment(replica(step['node']), amountIn(step))
    if (step['op'] === 'decrement') return crdt.decrement(replica(step['node']), amountIn(step))
    throw unknownOperation('pncounter', step)
  },
})

const createFlag = creates(flag(), {
  value: (crdt) => crdt.value,
  change: (crdt, step, { replica }) => {
    if (step['op'] !== 'switchOn') throw unknownOperation('flag', step)
    return crdt.switchOn(replica(step['node']))
  },
})

const createGSet = creates(gSet<Json>(), {
  value: (crdt) => crdt.value,
  change: (crdt, step, { replica }) => {
    if (step['op'] !== 'add') throw unknownOperation('gset', step)
    return crdt.add(replica(step['node']), elementIn(step))
  },
})

const createORSet = creates(orSet<Json>(), {
  value: (crdt) => crdt.value,
  change: (crdt, step, { replica }) => {
    switch (step['op']) {
      case 'add':
        return crdt.add(replica(step['node']), elementIn(step))
      case 'remove':
        return crdt.remove(elementIn(step))
      case 'clear':
        return crdt.clear()
      default:
        throw unknownOperation('orset', step)
    }
  },
})

const createMVRegister = creates(mvRegister<Json>(), {
  value: (crdt) => crdt.values,
  change: (crdt, step, { replica }) => {
    if (step['op'] !== 'set') throw unknownOperation('mvregister', step)
    return crdt.set(replica(step['node']), elementIn(step, 'value'))
  },
})

const createLWWRegister = creates(lwwRegister<Json>({ tie: 'lowest-node' }), {
  value: (crdt) => crdt.value ?? null,
  change: (crdt, step, { replica }) => {
    if (step['op'] !== 'set') throw unknownOperation('lwwregister', step)
    const timestamp = numberOf(step['timestamp'], 'timestamp')
    return crdt.set(replica(step['node']), elementIn(step, 'value'), timestamp)
  },
})

const createLWWMap = creates(lwwMap<Json>({ tie: 'lowest-node' }), {
  value: (crdt) => mapJson(crdt.value),
  change: (crdt, step, { replica }) => {
    if (step['op'] === 'remove') return crdt.remove(keyIn(step))
    if (step['op'] !== 'put') throw unknownOperation('lwwmap', step)
    const timestamp = numberOf(step['timestamp'], 'timestamp')
    return crdt.put(replica(step['node']), keyIn(step), elementIn(step, 'value'), timestamp)
  },
})

const createPNCounterMap = creates(pnCounterMap(), {
  value: (crdt) => mapJson(crdt.value),
  change: (crdt, step, { replica }) => {
    switch (step['op']) {
      case 'increment':
        return crdt.increment(replica(step['node']), keyIn(step), amountIn(step))
      case 'decrement':
        return crdt.decrement(replica(step['node']), keyIn(step), amountIn(step))
      case 'remove':
        return crdt.remove(keyIn(step))
      default:
        throw unknownOperation('pncountermap', step)
    }
  },
})

const createORMultiMap = creates(orMultiMap<Json>(), {
  value: (crdt) => mapJson(crdt.value),
  change: (crdt, step, { replica }) => {
    const key = keyIn(step)
    switch (step['op']) {
      case 'put':
        return crdt.put(replica(step['node']), key, listOf(step['values'], 'values'))
      case 'addBinding':
        return crdt.add(replica(step['node']), key, elementIn(step))
      case 'removeBinding':
        return crdt.remove(key, elementIn(step))
      case 'replaceBinding':
        return crdt.replace(
          replica(step['node']),
          key,
          elementIn(step, 'oldElement'),
          elementIn(step, 'newElement'),
        )
      case 'remove':
        return crdt.removeKey(key)
      default:
        throw unknownOperation('ormultimap', step)
    }
  },
})

function mapReading<V extends Crdt<V>>(held: Held<V>): Reading<ORMap<V>> {
  return {
    value: (map) =>
      mapJson(new Map([...map.value].map(([key, value]) => [key, held.with(value).value()]))),
    change: (map, step, context) => {
      const key = keyIn(step)
      switch (step['op']) {
        case 'put': {
          const value = context.value(objectOf(step['value'], 'value')['var'])
          return map.put(context.replica(step['node']), key, held.alike(value))
        }
        case 'remove':
          return map.remove(key)
        case 'updated':
          return map.update(context.replica(step['node']), key, (value) =>
            updated(held, value, step, context),
          )
        default:
          throw unknownOperation('ormap', step)
      }
    },
  }
}

/** Operations on a value of a map; those that name no node are made by the one that changes the map. */
function updated<V extends Crdt<V>>(
  held: Held<V>,
  value: V,
  step: JsonObject,
  context: StepContext,
): V {
  const within: StepContext = {
    ...context,
    replica: (node) => context.replica(node ?? step['node']),
  }
  return objectsOf(step['ops'], 'ops').reduce(
    (before, operation) => held.alike(held.with(before).change(operation, within)),
    value,
  )
}

const creators: Readonly<Record<string, Create>> = {
  gcounter: createGCounter,
  pncounter: createPNCounter,
  flag: createFlag,
  gset: createGSet,
  orset: createORSet,
  mvregister: createMVRegister,
  lwwregister: createLWWRegister,
  lwwmap: createLWWMap,
  pncountermap: createPNCounterMap,
  ormultimap: createORMultiMap,
  // One implementation is both of the two that upstream has: all of its deltas hold what changed in the sets.
  'ormultimap-with-value-deltas': createORMultiMap,
}

/** How a program makes values. What is in a map is of the type that the program puts or updates there. */
export function programType(
  type: string,
  steps: readonly JsonObject[],
): (type: string) => CrdtValue {
  const create = (name: string): CrdtValue => {
    const creator = Object.hasOwn(creators, name) ? creators[name] : undefined
    if (creator) return creator()
    throw new Error(`type ${JSON.stringify(name)} is unknown`)
  }
  if (type !== 'ormap') return create
  const valueType = steps.map(({ initial, new: made }) => initial ?? made).find(isValueType)
  return (name) => {
    if (name !== 'ormap') return create(name)
    const held = create(textOf(valueType, 'the type of what is in the map'))
    return held.mapOf()
  }
}

function isValueType(name: Json | undefined): boolean {
  return !isAbsent(name) && name !== 'ormap'
}
