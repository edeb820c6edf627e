// Which refs of this node others know. Each gets a number when it is first sent, so that an actor which
// takes the path of another later is not taken for it, and whoever was not sent a ref does not know its number.
import { DistantRef, type ActorRef, type ActorSystem } from '@casty/actor'
import type { Random } from '@casty/clock'
import { RemoteError } from './errors.ts'

export class Exports {
  readonly #system: ActorSystem
  readonly #maxExports: number
  readonly #draw: Random
  readonly #uids = new WeakMap<ActorRef<never>, number>()
  /** Refs that cannot be found by their path: those that adapt messages, and those of other layers. */
  readonly #others = new Map<number, ActorRef<never>>()
  readonly #watches = new Set<Disposable>()

  /** @param draw - for numbers that nobody guesses, and that mean nothing to the next life of this layer */
  constructor(system: ActorSystem, maxExports: number, draw: Random) {
    this.#system = system
    this.#maxExports = maxExports
    this.#draw = draw
  }

  /** How many are kept, because nobody else does. */
  get size(): number {
    return this.#others.size
  }

  /** @throws RemoteError `CASTY_REMOTE_TOO_MANY_EXPORTS` */
  uidOf(ref: ActorRef<never>): number {
    return this.#uids.get(ref) ?? this.#export(ref)
  }

  /** Who was sent under that number, or lives at that path where it is 0; nobody, once it has stopped. */
  find(uid: number, path: string): ActorRef<never> | undefined {
    const other = this.#others.get(uid)
    if (other !== undefined) return other
    const ref = this.#system.lookup(path)
    if (uid === 0 || ref === undefined) return ref
    return this.#uids.get(ref) === uid ? ref : undefined
  }

  clear(): void {
    for (const watch of this.#watches) watch[Symbol.dispose]()
    this.#watches.clear()
    this.#others.clear()
  }

  #export(ref: ActorRef<never>): number {
    const isFound = this.#system.lookup(ref.path) === ref
    if (!isFound && this.#others.size >= this.#maxExports) {
      throw RemoteError.tooManyExports(ref.path, this.#maxExports)
    }
    const uid = this.#newUid()
    this.#uids.set(ref, uid)
    if (!isFound) this.#keep(uid, ref)
    return uid
  }

  /** Of 2⁵³ numbers one that stands for nobody. */
  #newUid(): number {
    for (;;) {
      const uid = Math.floor(this.#draw() * Number.MAX_SAFE_INTEGER)
      if (uid > 0 && !this.#others.has(uid)) return uid
    }
  }

  #keep(uid: number, ref: ActorRef<never>): void {
    this.#others.set(uid, ref)
    if (ref instanceof DistantRef) return // Its layer knows what it stands for, and whether that ends.
    let watch: Disposable | undefined
    try {
      watch = this.#system.whenStopped(ref, () => {
        this.#others.delete(uid)
        if (watch) this.#watches.delete(watch)
      })
    } catch {
      return // It is no actor's, or another system's: it ends with this layer.
    }
    if (this.#others.has(uid)) this.#watches.add(watch)
  }
}
