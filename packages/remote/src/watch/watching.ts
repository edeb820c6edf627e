// Whom actors of this node watch on others. All who watch one actor share one watch of its node, which
// ends with the last of them, or with word of the actor's end; a watch after that is another, with another
// number, so that late word of the one before is nobody's.
import type { Ending } from '@casty/actor'
import type { NodeIdentity, NodeKey } from '@casty/membership'
import type { WatchEnding, WatchMessage, WatchTarget } from './watch-messages.ts'

export type WatchingEvent<W> =
  | {
      readonly type: 'watch'
      readonly node: NodeIdentity
      readonly target: WatchTarget
      readonly watcher: W
    }
  | {
      readonly type: 'unwatch'
      readonly node: NodeIdentity
      readonly target: WatchTarget
      readonly watcher: W
    }
  | {
      readonly type: 'terminated'
      readonly from: NodeIdentity
      readonly id: number
      readonly ending: WatchEnding
    }
  | { readonly type: 'given-up'; readonly node: NodeIdentity }
  /** That node has forgotten who watches what there, and what it said of it may be lost: it lives, and is told again. */
  | { readonly type: 'begun-anew'; readonly node: NodeIdentity }

export type WatchingEffect<W> =
  | { readonly type: 'send'; readonly to: NodeIdentity; readonly message: WatchMessage }
  /** The watch of this one is over. */
  | { readonly type: 'tell'; readonly watcher: W; readonly ending: Ending }

interface Watch<W> {
  readonly id: number
  readonly key: string
  readonly target: WatchTarget
  readonly watchers: Set<W>
}

interface Peer<W> {
  readonly byTarget: Map<string, Watch<W>>
  readonly byId: Map<number, Watch<W>>
}

export class Watching<W> {
  readonly #peers = new Map<NodeKey, Peer<W>>()
  #lastId = 0

  /** How many actors are watched on a node. */
  countOn(node: NodeIdentity): number {
    return this.#peers.get(node.key)?.byId.size ?? 0
  }

  /** Whether somebody watches that actor. */
  has(node: NodeIdentity, target: WatchTarget): boolean {
    return this.#peers.get(node.key)?.byTarget.has(keyOf(target)) ?? false
  }

  /** How many actors are watched, on all nodes together. */
  get size(): number {
    let size = 0
    for (const { byId } of this.#peers.values()) size += byId.size
    return size
  }

  step(event: WatchingEvent<W>): readonly WatchingEffect<W>[] {
    switch (event.type) {
      case 'watch':
        return this.#watch(event.node, event.target, event.watcher)
      case 'unwatch':
        return this.#unwatch(event.node, event.target, event.watcher)
      case 'terminated':
        return this.#terminated(event.from, event.id, event.ending)
      case 'given-up':
        return this.#givenUp(event.node)
      case 'begun-anew':
        return this.#beginAnew(event.node)
    }
  }

  #watch(node: NodeIdentity, target: WatchTarget, watcher: W): readonly WatchingEffect<W>[] {
    const peer = this.#peers.get(node.key) ?? { byTarget: new Map(), byId: new Map() }
    this.#peers.set(node.key, peer)
    const key = keyOf(target)
    const known = peer.byTarget.get(key)
    if (known) {
      known.watchers.add(watcher)
      return []
    }
    return [this.#begin(node, peer, target, new Set([watcher]))]
  }

  #begin(
    node: NodeIdentity,
    peer: Peer<W>,
    target: WatchTarget,
    watchers: Set<W>,
  ): WatchingEffect<W> {
    const watch: Watch<W> = { id: ++this.#lastId, key: keyOf(target), target, watchers }
    peer.byTarget.set(watch.key, watch)
    peer.byId.set(watch.id, watch)
    return { type: 'send', to: node, message: { type: 'watch', id: watch.id, target } }
  }

  #beginAnew(node: NodeIdentity): readonly WatchingEffect<W>[] {
    const peer = this.#peers.get(node.key)
    if (!peer) return []
    const watches = [...peer.byId.values()]
    peer.byId.clear()
    return watches.map(({ target, watchers }) => this.#begin(node, peer, target, watchers))
  }

  #unwatch(node: NodeIdentity, target: WatchTarget, watcher: W): readonly WatchingEffect<W>[] {
    const peer = this.#peers.get(node.key)
    const watch = peer?.byTarget.get(keyOf(target))
    if (!peer || !watch?.watchers.delete(watcher) || watch.watchers.size > 0) return []
    this.#forget(node, peer, watch)
    return [{ type: 'send', to: node, message: { type: 'unwatch', id: watch.id } }]
  }

  #terminated(from: NodeIdentity, id: number, ending: WatchEnding): readonly WatchingEffect<W>[] {
    const peer = this.#peers.get(from.key)
    const watch = peer?.byId.get(id)
    if (!peer || !watch) return [] // Nobody watches any more.
    this.#forget(from, peer, watch)
    // A node that takes no more watches will not tell either.
    return tellAll(watch, ending === 'refused' ? 'node-gone' : ending)
  }

  #forget(node: NodeIdentity, peer: Peer<W>, watch: Watch<W>): void {
    peer.byId.delete(watch.id)
    peer.byTarget.delete(watch.key)
    if (peer.byId.size === 0) this.#peers.delete(node.key)
  }

  #givenUp(node: NodeIdentity): readonly WatchingEffect<W>[] {
    const peer = this.#peers.get(node.key)
    this.#peers.delete(node.key)
    return [...(peer?.byId.values() ?? [])].flatMap((watch) => tellAll(watch, 'node-gone'))
  }
}

function tellAll<W>({ watchers }: Watch<W>, ending: Ending): readonly WatchingEffect<W>[] {
  return [...watchers].map((watcher) => ({ type: 'tell', watcher, ending }))
}

function keyOf({ uid, path }: WatchTarget): string {
  return `${uid} ${path}`
}
