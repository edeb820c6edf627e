// What users make of values, as the cores take it: of any type.
import { changed, CrdtError, Draft, fresh, type Crdt, type Replica } from '@casty/crdt'
import { AnyValue, type KnownTypes } from './any-value.ts'
import { ReplicatorError } from './errors.ts'
import type { ReplicatedKey } from './key.ts'

/** A change of a key's type, made one of any type. */
export function changeOfAny<C extends Crdt<C>>(
  { name, type }: ReplicatedKey<C>,
  change: (value: C, replica: Replica) => C,
  knownTypes: KnownTypes,
): (value: AnyValue, replica: Replica) => AnyValue {
  return (value, replica) => {
    const after = change(type.of(value.body), replica)
    if (!isValue(after)) throw CrdtError.foreignValue(name)
    return new AnyValue(knownTypes.of(after.type), after.body)
  }
}

/** Users may have no types: a change may answer nothing, or a promise. */
function isValue(value: Partial<Crdt<unknown>> | null | undefined): boolean {
  return value?.type !== undefined && value.body !== undefined
}

/** The value without anything that is in it; what others put in at the same time stays. */
export function emptied<C extends Crdt<C>>(value: C): C {
  const { store, context } = value.body.state
  return changed<C>(value, new Draft(context).replace(store).delta())
}

/**
 * What is held of a key, as users take it.
 *
 * @throws ReplicatorError `CASTY_REPLICATOR_TYPE_MISMATCH`
 */
export function valueAs<C extends Crdt<C>>({ name, type }: ReplicatedKey<C>, held: AnyValue): C {
  if (held.type.name !== type.name) {
    throw ReplicatorError.typeMismatch(name, held.type.name, type.name)
  }
  return fresh(type, held.body.state)
}
