import {
  flag,
  fresh,
  gCounter,
  gSet,
  lwwMap,
  lwwRegister,
  mvRegister,
  nothingYet,
  orMap,
  orMultiMap,
  orSet,
  pnCounter,
  pnCounterMap,
  type Body,
  type Crdt,
  type CrdtType,
} from '@casty/crdt'

/** A value of a type that is known by name alone: it is merged, pruned and encoded like any other. */
export class AnyValue implements Crdt<AnyValue> {
  readonly type: CrdtType<AnyValue>
  readonly body: Body

  constructor(type: CrdtType<AnyValue>, body: Body) {
    this.type = type
    this.body = body
  }

  /** Whether anything is in it. */
  get isEmpty(): boolean {
    return this.body.state.store === undefined
  }
}

/** The same type, for values of which nobody asks what they say. */
export function anyTypeOf<C>({ name, shape }: CrdtType<C>): CrdtType<AnyValue> {
  const type: CrdtType<AnyValue> = {
    name,
    shape,
    get empty() {
      return fresh(type, nothingYet)
    },
    of: (body) => new AnyValue(type, body),
  }
  return type
}

/** How deep maps may lie in maps. */
const maxNesting = 8

/**
 * The types that nodes tell each other of by name. Those of `@casty/crdt` are known, whatever they hold; types of
 * a user's own have to be given.
 */
export class KnownTypes {
  readonly #types = new Map<string, CrdtType<AnyValue>>()

  constructor(own: readonly Pick<CrdtType<unknown>, 'name' | 'shape'>[]) {
    const known = [...plainTypes(), ...own.map(({ name, shape }) => withoutValues(name, shape))]
    for (const type of known) this.#types.set(type.name, type)
  }

  /** The one object for all values of a type of a user's, which is known from then on. */
  of(type: Pick<CrdtType<unknown>, 'name' | 'shape'>): CrdtType<AnyValue> {
    const known = this.named(type.name)
    if (known) return known
    const any = withoutValues(type.name, type.shape)
    this.#types.set(type.name, any)
    return any
  }

  /** Undefined for a type that is not known. */
  named(name: string, depth = 0): CrdtType<AnyValue> | undefined {
    const known = this.#types.get(name)
    if (known || depth > maxNesting) return known
    const [, below] = /^or-map<(.+)>$/.exec(name) ?? []
    const valueType = below === undefined ? undefined : this.named(below, depth + 1)
    if (valueType === undefined) return undefined
    const type = anyTypeOf(orMap(valueType))
    this.#types.set(name, type)
    return type
  }
}

function withoutValues(name: string, shape: CrdtType<unknown>['shape']): CrdtType<AnyValue> {
  return anyTypeOf({ name, shape, empty: undefined, of: () => undefined })
}

function plainTypes(): readonly CrdtType<AnyValue>[] {
  const options = (['last', 'first'] as const).flatMap((keep) =>
    (['highest-node', 'lowest-node'] as const).map((tie) => ({ keep, tie })),
  )
  return [
    anyTypeOf(gCounter()),
    anyTypeOf(pnCounter()),
    anyTypeOf(flag()),
    anyTypeOf(gSet()),
    anyTypeOf(orSet()),
    anyTypeOf(mvRegister()),
    anyTypeOf(pnCounterMap()),
    anyTypeOf(orMultiMap()),
    ...options.map((option) => anyTypeOf(lwwRegister(option))),
    ...options.map((option) => anyTypeOf(lwwMap(option))),
  ]
}
