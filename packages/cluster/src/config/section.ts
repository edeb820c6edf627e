// One table of a config file, read key by key. Whoever reads it says what is allowed; what nobody asked for
// in the end is a mistake of the writer's, and is told with the names that look most alike.
import { dirname, resolve } from 'node:path'
import { describeValue, nearestNames } from '@casty/options'
import { ClusterSystemError } from '../errors.ts'

type Table = Readonly<Record<string, unknown>>

const unitsMs: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
])

export class Section {
  readonly #file: string
  readonly #path: string
  readonly #table: Table
  readonly #asked = new Set<string>()

  private constructor(file: string, path: string, table: Table) {
    this.#file = file
    this.#path = path
    this.#table = table
  }

  /**
   * Reads a whole document, and refuses what is left over.
   *
   * @param read - asks for every key that there may be
   * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_CONFIG`
   */
  static read<T>(file: string, document: Table, read: (root: Section) => T): T {
    return new Section(file, '', document).#finished(read)
  }

  #finished<T>(read: (section: Section) => T): T {
    const value = read(this)
    for (const name of Object.keys(this.#table)) {
      if (this.#asked.has(name)) continue
      const known = nearestNames(name, [...this.#asked])
      this.#refuse(name, 'is not known', known.join(', '))
    }
    return value
  }

  /** Names of all keys that are there. */
  get names(): readonly string[] {
    return Object.keys(this.#table)
  }

  /** A table below this one, where there is one. */
  table<T>(name: string, read: (section: Section) => T): T | undefined {
    const value = this.#value(name)
    if (value === undefined) return undefined
    if (!isTable(value)) return this.#refuse(name, `is ${describeValue(value)}`, 'a table')
    return new Section(this.#file, this.#pathOf(name), value).#finished(read)
  }

  /** @param maxBytes - of UTF-8 */
  text(name: string, maxBytes: number = Number.MAX_SAFE_INTEGER): string | undefined {
    const value = this.#value(name)
    if (value === undefined || isText(value, maxBytes)) return value
    return this.#refuse(name, `is ${describeValue(value)}`, textOf(maxBytes))
  }

  /** A text that says what it is to, as far as `isOne` can tell. */
  textThat(name: string, allowed: string, isOne: (text: string) => boolean): string | undefined {
    const text = this.text(name)
    if (text === undefined || isOne(text)) return text
    return this.#refuse(name, `is ${describeValue(text)}`, allowed)
  }

  /** A path from the folder of the file, which may be above the working directory. */
  path(name: string): string | undefined {
    const path = this.text(name)
    return path === undefined ? undefined : resolve(dirname(this.#file), path)
  }

  /** A list; whichever of its texts is wrong is told by where it stands. */
  texts(
    name: string,
    allowed: string = textOf(),
    isOne: (text: string) => boolean = () => true,
  ): readonly string[] | undefined {
    const value = this.#value(name)
    if (value === undefined) return undefined
    if (!Array.isArray(value)) {
      return this.#refuse(name, `is ${describeValue(value)}`, 'a list of texts')
    }
    const all: readonly unknown[] = value
    return all.map((one, index) => {
      if (isText(one) && isOne(one)) return one
      return this.#refuse(name, `is ${describeValue(one)}`, allowed, `[${index}]`)
    })
  }

  flag(name: string): boolean | undefined {
    const value = this.#value(name)
    if (value === undefined || typeof value === 'boolean') return value
    return this.#refuse(name, `is ${describeValue(value)}`, 'true or false')
  }

  choice<const T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.#value(name)
    if (value === undefined) return undefined
    const chosen = allowed.find((one) => one === value)
    return (
      chosen ?? this.#refuse(name, `is ${describeValue(value)}`, `one of ${allowed.join(', ')}`)
    )
  }

  whole(name: string, min: number, max: number = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.#value(name)
    if (value === undefined) return undefined
    const number = Number(value)
    if (isNumeric(value) && Number.isInteger(number) && number >= min && number <= max) {
      return number
    }
    const allowed =
      max === Number.MAX_SAFE_INTEGER
        ? `an integer from ${min}`
        : `an integer from ${min} to ${max}`
    return this.#refuse(name, `is ${describeValue(value)}`, allowed)
  }

  /** A number above 0, or from 0 where `orZero`. */
  number(name: string, { orZero = false }: { readonly orZero?: boolean } = {}): number | undefined {
    const value = this.#value(name)
    if (value === undefined) return undefined
    const number = Number(value)
    if (isNumeric(value) && Number.isFinite(number) && (orZero ? number >= 0 : number > 0)) {
      return number
    }
    const allowed = orZero ? 'a number from 0' : 'a number above 0'
    return this.#refuse(name, `is ${describeValue(value)}`, allowed)
  }

  /**
   * A duration: a number of seconds, or a text with its unit, as in `250ms`, `1.5s`, `5m`, `1h`.
   *
   * @returns milliseconds
   */
  durationMs(name: string): number | undefined {
    const value = this.#value(name)
    if (value === undefined) return undefined
    const durationMs = isNumeric(value) ? Number(value) * 1_000 : durationOf(value)
    if (durationMs !== undefined && Number.isFinite(durationMs) && durationMs > 0) return durationMs
    const allowed = 'a number of seconds above 0, or a text such as "250ms", "1.5s", "5m"'
    return this.#refuse(name, `is ${describeValue(value)}`, allowed)
  }

  /** For a value that is in itself right, and wrong where it stands. */
  refuse(name: string, what: string, allowed: string): never {
    return this.#refuse(name, what, allowed)
  }

  #value(name: string): unknown {
    this.#asked.add(name)
    return Object.hasOwn(this.#table, name) ? this.#table[name] : undefined
  }

  #refuse(name: string, what: string, allowed: string, place = ''): never {
    const path = this.#pathOf(name) + place
    throw ClusterSystemError.invalidConfig(this.#file, path, what, allowed)
  }

  #pathOf(name: string): string {
    const shown = /^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name)
    return this.#path === '' ? shown : `${this.#path}.${shown}`
  }
}

function isTable(value: unknown): value is Table {
  return Object.prototype.toString.call(value) === '[object Object]' // Dates of TOML are objects too.
}

function isText(value: unknown, maxBytes: number = Number.MAX_SAFE_INTEGER): value is string {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= maxBytes
}

function textOf(maxBytes: number = Number.MAX_SAFE_INTEGER): string {
  return maxBytes === Number.MAX_SAFE_INTEGER
    ? 'a text that is not empty'
    : `a text of 1 to ${maxBytes} bytes`
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

function durationOf(value: unknown): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)$/.exec(String(value)) ?? []
  const unitMs = unitsMs.get(unit ?? '')
  return typeof value === 'string' && unitMs !== undefined ? Number(amount) * unitMs : undefined
}
