// Who watches a structure of a part, and how many of its changes each was told: whoever missed some sees it by the count. Nothing
// of it has to be remembered by another node: those who watch come there by themselves.
import type { ReplyEntry, RequestEntry } from '../protocol/messages.ts'
import type { RecentChanges } from './recent-changes.ts'

/** The structure, and how many changes were told. */
export interface Watch {
  readonly name: string
  count: number
}

/** Somebody who may watch. */
export interface Watcher {
  /** By the number of the watch. */
  readonly watches: Map<number, Watch>
}

export interface WatchesPort<W extends Watcher> {
  /** How many changes there were in the part, in all. */
  readonly changes: number
  now(): number
  say(watcher: W, entry: ReplyEntry): void
}

/** Tells how many changes there were, and of none. */
const none = new Uint8Array()

/** Of one part. Mutable. */
export class Watches<W extends Watcher> {
  readonly #port: WatchesPort<W>
  /** Where another node owned the part before. */
  readonly #recent: RecentChanges | undefined
  /** Of all watchers: most parts have none. */
  #count = 0

  constructor(port: WatchesPort<W>, recent: RecentChanges | undefined) {
    this.#port = port
    this.#recent = recent
  }

  /** Whether changes are to be told, or kept for those who come back. */
  get isWatching(): boolean {
    return this.#count > 0 || this.#recent?.isKeeping(this.#port.now()) === true
  }

  /** Also told how many changes there were so far: who asks again learns whether it missed some. */
  watch(watcher: W, { number, name, seen }: RequestEntry & { readonly type: 'watch' }): void {
    let watch = watcher.watches.get(number)
    if (!watch) {
      // Whoever was told of changes before, and was forgotten here, is to see that some are missing: no watcher was ever told of so many.
      const count = seen === undefined ? 0 : this.#port.changes + 1
      watcher.watches.set(number, (watch = { name, count }))
      this.#count += 1
      if (seen !== undefined) this.#catchUp(watcher, number, watch, seen)
    }
    this.#tell(watcher, number, watch, this.#port.changes, none)
  }

  /** Tells one that watched another owner what changed here before it came. */
  #catchUp(watcher: W, number: number, watch: Watch, seen: number): void {
    for (const { changes, event } of this.#recent?.after(seen, watch.name, this.#port.now()) ??
      []) {
      watch.count += 1
      this.#tell(watcher, number, watch, changes, event)
    }
  }

  unwatch(watcher: W, number: number): void {
    if (watcher.watches.delete(number)) this.#count -= 1
  }

  /** It is gone, with all its watches. */
  left({ watches }: Watcher): void {
    this.#count -= watches.size
  }

  /** A structure of that name has changed. */
  changed(watchers: Iterable<W>, name: string, event: Uint8Array): void {
    this.#recent?.add({ name, changes: this.#port.changes, event }, this.#port.now())
    for (const watcher of watchers) {
      for (const [number, watch] of watcher.watches) {
        if (watch.name !== name) continue
        watch.count += 1
        this.#tell(watcher, number, watch, this.#port.changes, event)
      }
    }
  }

  #tell(watcher: W, watch: number, { count }: Watch, changes: number, event: Uint8Array): void {
    this.#port.say(watcher, { type: 'change', watch, count, changes, event })
  }
}
