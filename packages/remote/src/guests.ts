import type { NodeIdentity, NodeKey } from '@casty/transport'

/** Nodes that are no members, and that this node has to do with all the same: see `Remoting.welcome`. */
export class Guests {
  readonly #byKey = new Map<NodeKey, NodeIdentity>()

  has(node: NodeIdentity): boolean {
    return this.#byKey.has(node.key)
  }

  add(node: NodeIdentity): void {
    this.#byKey.set(node.key, node)
  }

  delete(node: NodeIdentity): boolean {
    return this.#byKey.delete(node.key)
  }
}
