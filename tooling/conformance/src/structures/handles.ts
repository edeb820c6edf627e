// Structures as cases name them, and the calls that cases make on them.
import type { Distributed } from '@casty/ddata'
import type { Json, JsonObject } from '../json.ts'

/** Something that is called by name. */
export type Callable = Readonly<Record<string, unknown>>

/** Options of a case that are called otherwise here. */
const optionNames: Readonly<Record<string, string>> = {
  timeout: 'timeoutMs',
  wait: 'waitMs',
  ttl: 'ttlMs',
  delay: 'delayMs',
  visibility: 'visibilityMs',
  dedupWindow: 'dedupWindowMs',
  offerTimeout: 'offerTimeoutMs',
  roundTimeout: 'roundTimeoutMs',
}

export function renamed(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [optionNames[name] ?? name, value]),
  )
}

/** @throws DDataError as the factory does */
export function open(
  distributed: Distributed,
  kind: string,
  name: string,
  opts: JsonObject,
): Callable {
  // Cases hand in wrong options on purpose.
  const factory = (distributed as unknown as Callable)[kind]
  if (typeof factory !== 'function') throw new Error(`structures of kind ${kind} are not known`)
  const options: unknown = Object.keys(opts).length === 0 ? undefined : renamed(opts)
  const handle: unknown = Reflect.apply(factory, distributed, [name, options])
  // Whatever a factory makes is an object.
  return handle as Callable
}

/** A resource that checks tokens, as the users of locks would have it. */
export class FencedResource {
  #highest = 0n
  #value: unknown

  claim(options: { readonly token: unknown }): boolean {
    this.#check(options.token)
    return true
  }

  write(value: unknown, options: { readonly token: unknown }): boolean {
    this.#check(options.token)
    this.#value = value
    return true
  }

  read(): unknown {
    return this.#value
  }

  #check(token: unknown): void {
    const given = BigInt(typeof token === 'bigint' || typeof token === 'number' ? token : 0)
    if (given < this.#highest) {
      throw Object.assign(new Error('The token is lower than one before'), { code: 'FENCED' })
    }
    this.#highest = given
  }
}

/** Its code as cases write it. */
export function codeOf(error: unknown): string {
  const code: unknown =
    typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined
  return typeof code === 'string' ? code.replace(/^CASTY_DDATA_/, '') : String(error)
}

/** Calls with many results, as one list of them. */
export async function collected(result: unknown): Promise<unknown> {
  if (!isAsyncIterable(result)) return result
  const all: unknown[] = []
  for await (const item of result) all.push(item)
  return all
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Symbol.asyncIterator in value &&
    !('then' in value)
  )
}

export function argumentsOf(args: Json | undefined, meant: (json: Json) => unknown): unknown[] {
  return Array.isArray(args) ? args.map((arg: Json) => meant(arg)) : []
}
