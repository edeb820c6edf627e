import type { CrdtType } from '@casty/crdt'
import { ReplicatorError } from './errors.ts'
import { maxKeyBytes } from './wire/fields.ts'

/** The name of a replicated value, and its type, which never changes. */
export interface ReplicatedKey<C> {
  readonly name: string
  readonly type: CrdtType<C>
}

/**
 * Whether it is what `replicatedKey` makes: users may have no types.
 *
 * @throws ReplicatorError `CASTY_REPLICATOR_INVALID_OPTION`
 */
export function checkKey(key: ReplicatedKey<unknown>): void {
  const isObject = typeof key === 'object' && key !== null
  const { name, type }: Partial<ReplicatedKey<unknown>> = isObject ? key : {}
  if (typeof name === 'string' && typeof type?.of === 'function') return
  throw ReplicatorError.invalidOption('key', key, 'what replicatedKey() makes')
}

const textEncoder = new TextEncoder()
/** Control characters, and halves of surrogate pairs. */
const unfit = /\p{Cc}|\p{Cs}/u

/**
 * @param name - a text of 1 to 512 bytes without control characters
 * @throws ReplicatorError `CASTY_REPLICATOR_INVALID_OPTION`
 */
export function replicatedKey<C>(name: string, type: CrdtType<C>): ReplicatedKey<C> {
  const isName =
    typeof name === 'string' &&
    name !== '' &&
    name.length <= maxKeyBytes &&
    textEncoder.encode(name).length <= maxKeyBytes &&
    !unfit.test(name)
  if (isName) return { name, type }
  throw ReplicatorError.invalidOption(
    'name',
    name,
    `a text of 1 to ${maxKeyBytes} bytes without control characters`,
  )
}
