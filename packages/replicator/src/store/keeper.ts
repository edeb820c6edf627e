import type { KeptValue, ReplicaStore } from './replica-store.ts'

/** How long after a failure it is tried again. */
const retryMs = 1_000

export interface KeeperOptions {
  readonly store: ReplicaStore
  /** What a key holds when its turn comes; undefined where it was forgotten. */
  readonly valueOf: (key: string) => Uint8Array | undefined
  readonly wallNow: () => number
  readonly schedule: (delayMs: number, callback: () => void) => Disposable
  readonly onError: (error: unknown) => void
}

/** Called once what was changed before is kept, or could not be. */
export type AfterKeeping = (error: unknown) => void

/**
 * Has changed values saved, one save at a time: what changes meanwhile is saved together with the next. Whoever has
 * to wait for that is called in order.
 */
export class Keeper {
  readonly #options: KeeperOptions
  #changed = new Set<string>()
  #waiting: AfterKeeping[] = []
  #saving: { readonly keys: ReadonlySet<string>; readonly waiting: AfterKeeping[] } | undefined
  #lastSave: Promise<void> = Promise.resolve()
  #retry: Disposable | undefined
  #isClosed = false

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  /** Resolves once the save under way is over, where there is one. */
  get lastSave(): Promise<void> {
    return this.#lastSave
  }

  changed(key: string): void {
    this.#changed.add(key)
    if (this.#retry === undefined) this.#save()
  }

  /** Calls back at once where nothing of the key waits to be kept. */
  after(key: string, callback: AfterKeeping): void {
    if (this.#changed.has(key)) this.#waiting.push(callback)
    else if (this.#saving?.keys.has(key)) this.#saving.waiting.push(callback)
    else callback(undefined)
  }

  /** Notes the time, where nothing else does. */
  signOfLife(): void {
    if (this.#saving === undefined && this.#retry === undefined) this.#save(true)
  }

  /** Begins no save any more. */
  close(): void {
    this.#isClosed = true
    this.#retry?.[Symbol.dispose]()
  }

  #save(evenNothing = false): void {
    if (this.#isClosed || this.#saving !== undefined) return
    if (this.#changed.size === 0 && !evenNothing) return
    const keys = this.#changed
    const waiting = this.#waiting
    this.#saving = { keys, waiting }
    this.#changed = new Set()
    this.#waiting = []
    const { store, valueOf, wallNow } = this.#options
    const values = Array.from(keys, (key): KeptValue => ({ key, bytes: valueOf(key) }))
    this.#lastSave = store.save(values, wallNow()).then(
      () => this.#saved(waiting, undefined),
      (error: unknown) => {
        for (const key of keys) this.#changed.add(key)
        this.#tryAgain()
        this.#saved(waiting, error)
        this.#options.onError(error)
      },
    )
  }

  #saved(waiting: readonly AfterKeeping[], error: unknown): void {
    this.#saving = undefined
    for (const callback of waiting) callback(error)
    if (this.#retry === undefined) this.#save()
  }

  #tryAgain(): void {
    if (this.#isClosed) return
    this.#retry = this.#options.schedule(retryMs, () => {
      this.#retry = undefined
      this.#save()
    })
  }
}
