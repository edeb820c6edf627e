// Who watches actors of this node from others: numbers of watches, which are the watching node's.
import type { Ending } from '@casty/actor'
import type { NodeIdentity, NodeKey } from '@casty/membership'
import type { WatchEnding, WatchMessage, WatchTarget } from './watch-messages.ts'

export type WatchedEvent =
  | {
      readonly type: 'message-received'
      readonly from: NodeIdentity
      readonly message: Exclude<WatchMessage, { readonly type: 'terminated' }>
    }
  /** What was observed is no more, or never was. */
  | {
      readonly type: 'ended'
      readonly watcher: NodeIdentity
      readonly id: number
      readonly ending: Ending
    }
  | { readonly type: 'given-up'; readonly node: NodeIdentity }

export type WatchedEffect =
  | {
      readonly type: 'tell-terminated'
      readonly to: NodeIdentity
      readonly id: number
      readonly ending: WatchEnding
    }
  /** Come back with `ended` when it is no more. */
  | {
      readonly type: 'observe'
      readonly watcher: NodeIdentity
      readonly id: number
      readonly target: WatchTarget
    }
  /** Do not come back with it. */
  | { readonly type: 'ignore'; readonly watcher: NodeIdentity; readonly id: number }

export class Watched {
  readonly #maxPerNode: number
  readonly #peers = new Map<NodeKey, Set<number>>()

  /** @param maxPerNode - most watches that one other node may have here */
  constructor(maxPerNode: number) {
    this.#maxPerNode = maxPerNode
  }

  /** How many watches other nodes have here, all together. */
  get size(): number {
    let size = 0
    for (const { size: count } of this.#peers.values()) size += count
    return size
  }

  step(event: WatchedEvent): readonly WatchedEffect[] {
    switch (event.type) {
      case 'message-received': {
        const { from, message } = event
        return message.type === 'watch'
          ? this.#watch(from, message.id, message.target)
          : this.#unwatch(from, message.id)
      }
      case 'ended':
        return this.#ended(event.watcher, event.id, event.ending)
      case 'given-up':
        return this.#givenUp(event.node)
    }
  }

  #watch(watcher: NodeIdentity, id: number, target: WatchTarget): readonly WatchedEffect[] {
    const ids = this.#peers.get(watcher.key) ?? new Set()
    if (ids.has(id)) return [] // No node of ours says so twice.
    if (ids.size >= this.#maxPerNode) return [terminated(watcher, id, 'refused')]
    this.#peers.set(watcher.key, ids.add(id))
    return [{ type: 'observe', watcher, id, target }]
  }

  #unwatch(watcher: NodeIdentity, id: number): readonly WatchedEffect[] {
    return this.#forget(watcher, id) ? [{ type: 'ignore', watcher, id }] : []
  }

  #ended(watcher: NodeIdentity, id: number, ending: Ending): readonly WatchedEffect[] {
    return this.#forget(watcher, id) ? [terminated(watcher, id, ending)] : []
  }

  #forget(watcher: NodeIdentity, id: number): boolean {
    const ids = this.#peers.get(watcher.key)
    if (!ids?.delete(id)) return false
    if (ids.size === 0) this.#peers.delete(watcher.key)
    return true
  }

  #givenUp(watcher: NodeIdentity): readonly WatchedEffect[] {
    const ids = this.#peers.get(watcher.key)
    this.#peers.delete(watcher.key)
    return [...(ids ?? [])].map((id) => ({ type: 'ignore', watcher, id }))
  }
}

function terminated(to: NodeIdentity, id: number, ending: WatchEnding): WatchedEffect {
  return { type: 'tell-terminated', to, id, ending }
}
