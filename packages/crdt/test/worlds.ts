// Random histories: a few replicas change values of one type, and merge what others have, in any order.
import fc from 'fast-check'
import {
  Replica,
  deltaOf,
  flag,
  gCounter,
  gSet,
  lwwMap,
  lwwRegister,
  merge,
  mvRegister,
  orMap,
  orMultiMap,
  orSet,
  pnCounter,
  pnCounterMap,
  withoutDelta,
  type Crdt,
  type CrdtType,
} from '../src/index.ts'

/** A change that a test makes: by which replica, and three small numbers to choose with. */
export interface Choice {
  readonly who: number
  readonly what: number
  readonly key: number
  readonly amount: number
}

/** A type, and how a replica changes a value of it at random. */
export interface Subject<C extends Crdt<C>> {
  readonly name: string
  readonly type: CrdtType<C>
  readonly change: (value: C, replica: Replica, choice: Choice) => C
}

/** What tests ask of a type, whichever it is. */
export interface AnySubject {
  readonly name: string
  readonly check: (law: Law) => void
}

export type Law = <C extends Crdt<C>>(subject: Subject<C>) => void

function subject<C extends Crdt<C>>(type: CrdtType<C>, change: Subject<C>['change']): AnySubject {
  const made = { name: type.name, type, change }
  return { name: type.name, check: (law) => law(made) }
}

const letter = (choice: number): string => 'abc'[choice % 3] ?? 'a'

const changeSet = (
  set: ReturnType<typeof orSet<string>>['empty'],
  replica: Replica,
  { what, key }: Choice,
): typeof set =>
  what % 4 === 0
    ? set.remove(letter(key))
    : what % 16 === 1
      ? set.clear()
      : set.add(replica, letter(key))

const changeCounter = (
  counter: ReturnType<typeof pnCounter>['empty'],
  replica: Replica,
  { what, amount }: Choice,
): typeof counter =>
  what % 3 === 0 ? counter.decrement(replica, amount) : counter.increment(replica, amount)

export const subjects: readonly AnySubject[] = [
  subject(gCounter(), (value, replica, { what, amount }) =>
    value.increment(replica, what % 8 === 0 ? 2n ** 60n : amount),
  ),
  subject(pnCounter(), changeCounter),
  subject(flag(), (value, replica, { what }) => (what % 3 === 0 ? value.switchOn(replica) : value)),
  subject(gSet<string>(), (value, replica, { key }) => value.add(replica, letter(key))),
  subject(orSet<string>(), changeSet),
  subject(lwwRegister<number>(), (value, replica, { amount }) =>
    value.set(replica, amount, amount),
  ),
  subject(
    lwwRegister<number>({ keep: 'first', tie: 'lowest-node' }),
    (value, replica, { amount }) => value.set(replica, amount, amount),
  ),
  subject(mvRegister<number>(), (value, replica, { what, amount }) =>
    what % 8 === 0 ? value.clear() : value.set(replica, amount),
  ),
  subject(lwwMap<number>(), (value, replica, { what, key, amount }) =>
    what % 3 === 0 ? value.remove(letter(key)) : value.put(replica, letter(key), amount, amount),
  ),
  subject(pnCounterMap(), (value, replica, { what, key, amount }) =>
    what % 4 === 0
      ? value.remove(letter(key))
      : what % 4 === 1
        ? value.decrement(replica, letter(key), amount)
        : value.increment(replica, letter(key), amount),
  ),
  subject(orMultiMap<number>(), (value, replica, { what, key, amount }) => {
    switch (what % 6) {
      case 0:
        return value.removeKey(letter(key))
      case 1:
        return value.remove(letter(key), amount)
      case 2:
        return value.put(replica, letter(key), [amount, amount + 1])
      case 3:
        return value.replace(replica, letter(key), amount, amount + 1)
      default:
        return value.add(replica, letter(key), amount)
    }
  }),
  subject(orMap(orSet<string>()), (value, replica, choice) => {
    switch (choice.what % 5) {
      case 0:
        return value.remove(letter(choice.amount))
      case 1:
        return value.put(
          replica,
          letter(choice.amount),
          orSet<string>().empty.addAll(replica, 'xy'),
        )
      default:
        return value.update(replica, letter(choice.amount), (set) =>
          changeSet(set, replica, choice),
        )
    }
  }),
  subject(orMap(orMap(pnCounter())), (value, replica, choice) =>
    choice.what % 5 === 0
      ? value.remove(letter(choice.amount))
      : value.update(replica, letter(choice.amount), (map) =>
          choice.what % 5 === 1
            ? map.remove(letter(choice.key))
            : map.update(replica, letter(choice.key), (counter) =>
                changeCounter(counter, replica, choice),
              ),
        ),
  ),
]

/** One step of a history: a change, or that one replica merges what another has. */
export type Move = Choice & { readonly from: number; readonly isMerge: boolean }

export const moves: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.record({
    who: fc.nat(2),
    from: fc.nat(2),
    isMerge: fc.boolean(),
    what: fc.nat(15),
    key: fc.nat(2),
    amount: fc.nat(4),
  }),
  { maxLength: 24 },
)

/** What came of a history: the three values, and the delta of every change, in the order they were made. */
export interface History<C> {
  readonly replicas: readonly Replica[]
  readonly values: readonly C[]
  readonly deltas: readonly C[]
}

export function play<C extends Crdt<C>>(
  { type, change }: Subject<C>,
  steps: readonly Move[],
): History<C> {
  const replicas = ['a', 'b', 'c'].map((node) => new Replica(node))
  const values = replicas.map(() => type.empty)
  const deltas: C[] = []
  for (const step of steps) {
    const [value, other] = [values[step.who], values[step.from]]
    const replica = replicas[step.who]
    if (value === undefined || other === undefined || replica === undefined) continue
    const after = step.isMerge ? merge(value, other) : change(value, replica, step)
    const delta = deltaOf(after)
    if (delta !== undefined) deltas.push(delta)
    values[step.who] = withoutDelta(after)
  }
  return { replicas, values, deltas }
}

/** All of them merged, in that order. */
export function mergeAll<C extends Crdt<C>>(type: CrdtType<C>, values: readonly C[]): C {
  return values.reduce((all, value) => merge(all, value), type.empty)
}
