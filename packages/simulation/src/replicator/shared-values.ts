// The values that all nodes share, each seen as a set of elements that are put in once, by one call: so it can be told of
// each call what became of it. A counter is such a set too: each change has a digit of its own.
import {
  encode,
  gSet,
  lwwRegister,
  modifiedBy,
  orMap,
  orSet,
  pnCounter,
  type Crdt,
  type PNCounter,
  type Replica,
} from '@casty/crdt'
import {
  replicatedKey,
  type Outcome,
  type ReadOptions,
  type ReplicatedKey,
  type Replicator,
  type WriteOptions,
} from '@casty/replicator'

/** What came of a call, without the value. */
export type CallEnd = Pick<Outcome<unknown>, 'type' | 'nodes'>

/** What came of a read. */
export interface ReadEnd extends CallEnd {
  readonly elements: ReadonlySet<string>
}

/** Whoever has copies of values: a node, or a client. */
export type Holder = Pick<Replicator, 'local' | 'subscribe' | 'update' | 'delete' | 'get'>

export interface SharedValue {
  readonly name: string
  /** What becomes of elements: nobody takes them out, somebody does, or the next one takes the place of all before. */
  readonly kind: 'lasting' | 'removable' | 'replaced'
  /** How many elements may be put in; Infinity: any number. */
  readonly room: number
  /** The name of the `count`th element. */
  nameOf(count: number): string
  elementsAt(replicator: Holder): ReadonlySet<string>
  /** Equal where the values are, contexts included; undefined where it is empty. */
  bytesAt(replicator: Holder): string | undefined
  /** Nodes that stand in it. */
  nodesIn(replicator: Holder): readonly string[]
  subscribe(replicator: Holder, listener: (elements: ReadonlySet<string>) => void): Disposable
  add(replicator: Holder, element: string, options: WriteOptions): Promise<CallEnd>
  /** Takes one out; nothing happens where nothing can be. */
  remove(replicator: Holder, element: string, options: WriteOptions): Promise<CallEnd>
  /** Takes all out that is there. */
  clear(replicator: Holder, options: WriteOptions): Promise<CallEnd>
  read(replicator: Holder, options: ReadOptions): Promise<ReadEnd>
}

interface Parts<C> {
  readonly kind: SharedValue['kind']
  readonly room?: number
  nameOf?(count: number): string
  elementsOf(value: C): Iterable<string>
  add(value: C, me: Replica, element: string): C
  remove?(value: C, me: Replica, element: string): C
}

function shared<C extends Crdt<C>>(key: ReplicatedKey<C>, parts: Parts<C>): SharedValue {
  const { kind, room = Infinity } = parts
  return {
    name: key.name,
    kind,
    room,
    nameOf: (count) => parts.nameOf?.(count) ?? `e${count}`,
    elementsAt: (replicator) => new Set(parts.elementsOf(replicator.local(key))),
    bytesAt: (replicator) => {
      const value = replicator.local(key)
      // Nodes forget what is empty, each at its time.
      if (value.body.state.store === undefined) return undefined
      return Buffer.from(encode(value)).toString('latin1')
    },
    nodesIn: (replicator) => {
      const value = replicator.local(key)
      return value.body.state.store === undefined ? [] : modifiedBy(value)
    },
    subscribe: (replicator, listener) =>
      replicator.subscribe(key, (value) => listener(new Set(parts.elementsOf(value)))),
    add: async (replicator, element, options) =>
      await replicator.update(key, (value, me) => parts.add(value, me, element), options),
    remove: async (replicator, element, options) =>
      await replicator.update(
        key,
        (value, me) => parts.remove?.(value, me, element) ?? value,
        options,
      ),
    clear: async (replicator, options) => await replicator.delete(key, options),
    read: async (replicator, options) => {
      const { type, nodes, value } = await replicator.get(key, options)
      return { type, nodes, elements: new Set(parts.elementsOf(value)) }
    },
  }
}

/** Digits of a counter, each worth four times the one before: one that counts twice shows. */
const digits = 25
const digit = 4n

function amountOf(element: string): bigint {
  return digit ** BigInt(element.slice(1))
}

/** `+3`: the change of the fourth digit is in it, once. */
function* changesOf(counter: PNCounter): Iterable<string> {
  for (const [sign, totals] of [
    ['+', counter.increments],
    ['-', counter.decrements],
  ] as const) {
    let total = [...totals.values()].reduce((sum, amount) => sum + amount, 0n)
    for (let place = 0; total > 0n; place++) {
      const times = total % digit
      if (times > 0n) yield `${sign}${place}${times === 1n ? '' : ` ${times} times`}`
      total /= digit
    }
  }
}

function counterNamed(name: string): SharedValue {
  return shared(replicatedKey(name, pnCounter()), {
    kind: 'lasting',
    room: digits,
    nameOf: (count) => `${count % 3 === 2 ? '-' : '+'}${count}`,
    elementsOf: changesOf,
    add: (value, me, element) =>
      element.startsWith('-')
        ? value.decrement(me, amountOf(element))
        : value.increment(me, amountOf(element)),
  })
}

function setNamed(name: string): SharedValue {
  return shared(replicatedKey(name, orSet<string>()), {
    kind: 'removable',
    elementsOf: (set) => set.value,
    add: (set, me, element) => set.add(me, element),
    remove: (set, _, element) => set.remove(element),
  })
}

/** `k1/e4`: element `e4` of the set under key `k1`. */
const map = shared(replicatedKey('map', orMap(orSet<string>())), {
  kind: 'removable',
  nameOf: (count) => `k${count % 3}/e${count}`,
  *elementsOf(value) {
    for (const [key, set] of value.value) for (const element of set.value) yield `${key}/${element}`
  },
  add: (value, me, element) => {
    const [key = '', inner = ''] = element.split('/')
    return value.update(me, key, (set) => set.add(me, inner))
  },
  remove: (value, me, element) => {
    const [key = '', inner = ''] = element.split('/')
    const set = value.get(key)
    if (!set?.has(inner)) return value
    // With its last element the key goes: keys come and go as well.
    return set.size === 1 ? value.remove(key) : value.update(me, key, (one) => one.remove(inner))
  },
})

const kept = shared(replicatedKey('kept', gSet<string>()), {
  kind: 'lasting',
  elementsOf: (set) => set.value,
  add: (set, me, element) => set.add(me, element),
})

const register = shared(replicatedKey('register', lwwRegister<string>()), {
  kind: 'replaced',
  elementsOf: ({ value }) => (value === undefined ? [] : [value]),
  add: (value, me, element) => value.set(me, element, 0),
})

export const sharedValues: readonly SharedValue[] = [
  kept,
  setNamed('set 1'),
  setNamed('set 2'),
  map,
  register,
  ...Array.from({ length: 8 }, (_, index) => counterNamed(`counter ${index + 1}`)),
]
