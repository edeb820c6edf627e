// Refs of other layers that mean more than an actor at a path, such as one to an entity: each kind says how
// it becomes data, and what that means where it arrives.
import type { ActorRef } from '@casty/actor'
import type { ClientUsable } from './client/client-rights.ts'
import { RemoteError } from './errors.ts'

/** How one kind of refs travels. */
export interface RefKind {
  /** The same on all nodes: 1 to 100 characters. */
  readonly name: string
  isOne(ref: ActorRef<never>): boolean
  /** At most 1,365 characters. */
  toData(ref: ActorRef<never>): string
  /** @throws whatever says that it means nothing */
  fromData(data: string): ActorRef<never>
  /** What a client must be allowed to use to send such a ref. @defaultValue nothing */
  usableOf?(ref: ActorRef<never>): Usable
}

/** Something that clients are allowed to use by its name. */
export interface Usable {
  readonly kind: ClientUsable
  readonly name: string
}

/** As much may be said of one ref. */
export const maxRefTextBytes = 4_096

export class RefKinds {
  readonly #kinds = new Map<string, RefKind>()

  /** @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` for a name that is taken, or none */
  add(kind: RefKind): Disposable {
    const { name } = kind
    if (typeof name !== 'string' || !/^.{1,100}$/.test(name) || this.#kinds.has(name)) {
      const allowed = 'a text of 1 to 100 characters that no other kind has'
      throw RemoteError.invalidOption('adoptRefs()', 'name', name, allowed)
    }
    this.#kinds.set(name, kind)
    return {
      [Symbol.dispose]: () => {
        if (this.#kinds.get(name) === kind) this.#kinds.delete(name)
      },
    }
  }

  kindOf(ref: ActorRef<never>): RefKind | undefined {
    for (const kind of this.#kinds.values()) if (kind.isOne(ref)) return kind
    return undefined
  }

  /** @throws RemoteError `CASTY_REMOTE_MALFORMED` */
  read(name: string, data: string): readonly [ref: ActorRef<never>, usable: Usable | undefined] {
    const kind = this.#kinds.get(name)
    if (kind === undefined) {
      throw RemoteError.malformed(`A ref is of the kind ${name}, which is not known here`)
    }
    try {
      const ref = kind.fromData(data)
      return [ref, kind.usableOf?.(ref)]
    } catch (cause) {
      throw RemoteError.malformed(`A ref of the kind ${name} means nothing here`, cause)
    }
  }
}
