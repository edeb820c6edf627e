import { RemoteError } from '../errors.ts'
import { fnv1a } from '../fnv.ts'
import type { Serializer } from '../serializer.ts'
import { isForbiddenKey } from './msgpack-format.ts'

/** How instances of a class become data, and instances again. */
export interface ClassData<T> {
  /** What is sent in place of the instance: whatever could be sent by itself. */
  toData(value: T): unknown
  /** Checks the data, for nobody vouches for it, and makes an instance of it. Throwing refuses the message. */
  fromData(data: unknown): T
}

/** A class, also one whose constructor is private. */
export interface MessageClass<T> {
  readonly name: string
  readonly prototype: T
}

/** A serializer that knows classes by name. */
export interface ClassSerializer extends Serializer {
  /**
   * Lets instances of a class be sent. Both ends register it under the same name, which stays as it is
   * when the class is renamed. Instances of subclasses need a registration of their own.
   *
   * Without `data` the enumerable properties are sent, and set on a new object of the class: its
   * constructor is not called, private fields (`#x`) are not there, and nobody checks them.
   *
   * @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` when the name or the class is taken
   */
  register<T extends object>(name: string, type: MessageClass<T>, data?: ClassData<T>): this
}

/** What is known of a class, with `T` forgotten: instances are found by their prototype. */
export interface RegisteredClass {
  readonly name: string
  /** None where another class has it already. */
  readonly number: number | undefined
  toData(value: object): unknown
  fromData(data: unknown): object
}

const maxNameLength = 128

/** Whether a class may have that number. */
export function isClassNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff
}

/** The number of a class: the same on every node, and for ever. It has 16 bits. */
function numberOf(name: string): number {
  const digest = fnv1a(name)
  return (digest ^ (digest >>> 16)) & 0xffff
}

export class ClassRegistry {
  readonly #byName = new Map<string, RegisteredClass>()
  readonly #byNumber = new Map<number, RegisteredClass>()
  readonly #byPrototype = new Map<object, RegisteredClass>()

  /** @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` */
  register<T extends object>(name: string, type: MessageClass<T>, data?: ClassData<T>): void {
    checkName(name)
    const prototype = checkClass(type)
    if (this.#byName.has(name)) throw refused('name', name, 'a name that is not registered yet')
    if (this.#byPrototype.has(prototype)) {
      throw refused('type', type, 'a class that is not registered yet')
    }
    const number = numberOf(name)
    const registered = {
      name,
      number: this.#byNumber.has(number) ? undefined : number,
      // An object is looked up by its prototype, which is that of the class.
      toData: (value: object): unknown => (data ? data.toData(value as T) : { ...value }),
      fromData: (from: unknown): object =>
        data ? data.fromData(from) : withProperties(prototype, from),
    }
    this.#byName.set(name, registered)
    if (registered.number !== undefined) this.#byNumber.set(number, registered)
    this.#byPrototype.set(prototype, registered)
  }

  ofInstance(value: object): RegisteredClass | undefined {
    const prototype: object | null = Object.getPrototypeOf(value)
    return prototype === null ? undefined : this.#byPrototype.get(prototype)
  }

  /** @throws RemoteError `CASTY_REMOTE_MALFORMED` */
  named(name: string): RegisteredClass {
    const registered = this.#byName.get(name)
    if (registered) return registered
    const known = JSON.stringify(name.slice(0, maxNameLength))
    throw RemoteError.malformed(
      `A message holds an instance of ${known}, which is not registered here`,
    )
  }

  numbered(number: number): RegisteredClass | undefined {
    return this.#byNumber.get(number)
  }
}

function checkName(name: string): void {
  if (typeof name === 'string' && name.length > 0 && name.length <= maxNameLength) return
  throw refused('name', name, `a text of 1 to ${maxNameLength} characters`)
}

function checkClass(type: MessageClass<object>): object {
  const prototype: unknown = typeof type === 'function' ? Reflect.get(type, 'prototype') : undefined
  const always: readonly unknown[] = [Object.prototype, Array.prototype]
  if (typeof prototype === 'object' && prototype !== null && !always.includes(prototype)) {
    return prototype
  }
  throw refused('type', type, 'a class other than Object and Array')
}

function refused(option: string, value: unknown, allowed: string): RemoteError {
  return RemoteError.invalidOption('register()', option, value, allowed)
}

/** Properties are defined, not assigned: data of another node calls no setter. */
function withProperties(prototype: object, data: unknown): object {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw RemoteError.malformed('An instance of a registered class has data that is no object')
  }
  const instance: object = Object.create(prototype)
  for (const [key, value] of Object.entries(data)) {
    if (isForbiddenKey(key)) throw RemoteError.malformed(`A property is named ${key}`)
    Object.defineProperty(instance, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    })
  }
  return instance
}
