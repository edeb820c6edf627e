// What keys and values of a map are as bytes, and back.
import type { ByteReader } from '@casty/transport'
import { checkSchema, whenValid } from '../../structures/standard-schema.ts'
import type { Soon } from '../../structures/when-there.ts'
import { decodeValue } from '../../values/canonical.ts'
import { encoded } from '../../values/encoded.ts'
import type { MapOptions } from './map-options.ts'

export class MapValues<K, V> {
  readonly #name: string
  readonly #schemas: Pick<MapOptions<K, V>, 'key' | 'value'>

  /** @throws DDataError `CASTY_DDATA_ARGUMENT` where a schema is none */
  constructor(name: string, schemas: Pick<MapOptions<K, V>, 'key' | 'value'>) {
    checkSchema('options.key', schemas.key)
    checkSchema('options.value', schemas.value)
    this.#name = name
    this.#schemas = schemas
  }

  /** Of a key, as its schema made it. */
  key(key: K): Soon<Uint8Array> {
    return whenValid(this.#schemas.key, key, this.#whatKey, this.#keyBytes)
  }

  readonly #whatKey = (): string => `A key of map ${this.#name}`

  readonly #keyBytes = (key: K): Uint8Array => encoded(key, this.#whatKey)

  /** Of a value that is to be stored, as its schema made it. */
  stored(key: K, value: V): Soon<Uint8Array> {
    const what = (): string => `The value of ${this.#labelOf(key)}`
    return whenValid(this.#schemas.value, value, what, (valid) => encoded(valid, what))
  }

  /** Of a value that is to be compared with. */
  expected(key: K, value: V): Uint8Array {
    return encoded(value, () => `The value expected of ${this.#labelOf(key)}`)
  }

  #labelOf(key: K): string {
    return `key ${typeof key === 'string' ? JSON.stringify(key.slice(0, 50)) : typeof key} of map ${this.#name}`
  }

  readKey(from: ByteReader): K {
    // Only keys that somebody put into this map come back.
    return decodeValue(from.bytes(from.remaining)) as K
  }

  readonly read = (from: ByteReader): V => {
    // Only values that somebody put into this map come back.
    return decodeValue(from.bytes(from.remaining)) as V
  }

  readonly readOptional = (from: ByteReader): V | undefined =>
    from.bool() ? this.read(from) : undefined
}
