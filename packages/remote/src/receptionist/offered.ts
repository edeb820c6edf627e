import { DistantRef, type ActorRef } from '@casty/actor'
import { RemoteError } from '../errors.ts'
import type { RemoteNode } from '../remote-node.ts'

interface Offer {
  readonly ref: ActorRef<never>
  readonly registration: Disposable
  /** How many asked for it and did not withdraw. */
  count: number
  whenStopped: Disposable | undefined
}

/** What this node offers: each ref under a key once, until all who offered it withdraw, or its actor stops. */
export class Offered implements Disposable {
  readonly #node: RemoteNode
  readonly #offers = new Map<string, Offer>()

  constructor(node: RemoteNode) {
    this.#node = node
  }

  get size(): number {
    return this.#offers.size
  }

  /**
   * @param key - as the registry of the cluster has it
   * @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` for a ref of another node; ActorError `CASTY_ACTOR_FOREIGN_REF` for
   * one of another system; MembershipError where this node is no member any more, or offers too much
   */
  add(key: string, ref: ActorRef<never>): Disposable {
    if (ref instanceof DistantRef) {
      const allowed = 'a ref of an actor of this node; register others on theirs'
      throw RemoteError.invalidOption('register()', 'ref', ref.path, allowed)
    }
    const path = this.#node.refToText(ref)
    const id = `${key}\u0000${path}`
    const offer = this.#offers.get(id) ?? this.#begin(id, key, path, ref)
    offer.count++
    let isWithdrawn = false
    return {
      [Symbol.dispose]: () => {
        if (isWithdrawn) return
        isWithdrawn = true
        if (--offer.count === 0) this.#end(id, offer)
      },
    }
  }

  [Symbol.dispose](): void {
    for (const [id, offer] of this.#offers) this.#end(id, offer)
  }

  #begin(id: string, key: string, path: string, ref: ActorRef<never>): Offer {
    const registration = this.#node.cluster.registerService(key, path)
    const offer: Offer = { ref, registration, count: 0, whenStopped: undefined }
    this.#offers.set(id, offer)
    try {
      offer.whenStopped = this.#node.system.whenStopped(ref, () => this.#end(id, offer))
    } catch (error) {
      this.#end(id, offer) // It is no actor of this node: nobody would tell when to withdraw it.
      throw error
    }
    return offer
  }

  #end(id: string, offer: Offer): void {
    if (this.#offers.get(id) !== offer) return
    this.#offers.delete(id)
    offer.registration[Symbol.dispose]()
    offer.whenStopped?.[Symbol.dispose]()
  }
}

/** The actor that a node offers under a path; undefined where its path is none that this node can read. */
export function refOf(
  node: Pick<RemoteNode, 'refFromText'>,
  path: string,
): ActorRef<never> | undefined {
  try {
    return node.refFromText(path)
  } catch {
    return undefined // Somebody else's: whatever offers refs writes them as text.
  }
}
