// What clients may use, by name, where a member says so: what it does not name, they do not find.
import { RemoteError } from '../errors.ts'

/**
 * What clients may use: lists of names. One that ends with `*` stands for all that begin so. What is in no list is not allowed.
 * Refs that clients are sent, as answers or in messages, they may use in any case.
 */
export interface ClientAllowance {
  /** Of services: those registered under these keys may be told and asked. */
  readonly services?: readonly string[]
  /** Of topics, to publish to and to subscribe to. */
  readonly topics?: readonly string[]
  /** Of actors at the top of their systems: by path, and by broadcasts. */
  readonly actors?: readonly string[]
  /** Types of entities. */
  readonly entities?: readonly string[]
  /** Keys of values that converge on all members. */
  readonly values?: readonly string[]
}

/** A kind of things that clients may be allowed to use. */
export type ClientUsable = keyof ClientAllowance

const kinds: readonly ClientUsable[] = ['services', 'topics', 'actors', 'entities', 'values']

interface Names {
  readonly exact: ReadonlySet<string>
  readonly beginnings: readonly string[]
}

export class ClientRights {
  readonly #names: ReadonlyMap<string, Names>

  /** @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` */
  constructor(of: string, allowance: ClientAllowance) {
    if (typeof allowance !== 'object' || allowance === null) {
      throw RemoteError.invalidOption(of, 'allow', allowance, 'an object with lists of names')
    }
    for (const kind of Object.keys(allowance)) {
      if ((kinds as readonly string[]).includes(kind)) continue
      throw RemoteError.invalidOption(of, `allow.${kind}`, kind, `only ${kinds.join(', ')}`)
    }
    this.#names = new Map(kinds.map((kind) => [kind, namesOf(of, kind, allowance[kind] ?? [])]))
  }

  allows(kind: ClientUsable, name: string): boolean {
    const names = this.#names.get(kind)
    if (names === undefined) return false
    return names.exact.has(name) || names.beginnings.some((begin) => name.startsWith(begin))
  }
}

function namesOf(of: string, kind: ClientUsable, names: unknown): Names {
  const isList = Array.isArray(names) && names.every((name) => typeof name === 'string')
  if (!isList) throw RemoteError.invalidOption(of, `allow.${kind}`, names, 'a list of names')
  return {
    exact: new Set(names.filter((name) => !name.endsWith('*'))),
    beginnings: names.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1)),
  }
}
