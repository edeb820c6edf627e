import type { Clock } from '@casty/clock'
import type { KeepingOptions } from '../options.ts'
import { Keeper, type AfterKeeping } from './keeper.ts'

export interface KeepingParts extends Required<KeepingOptions> {
  readonly clock: Clock
  readonly pruningMarkerMs: number
  /** What a key holds when its turn comes; undefined where it was forgotten. */
  readonly bytesOf: (key: string) => Uint8Array | undefined
  readonly onError: (error: unknown) => void
}

/** How often in `pruningMarkerMs` the store is told that this node is alive. */
const signsOfLife = 8

/** Which values outlive this node: they are saved as they change, and a sign of life is where nothing does. */
export class Keeping implements Disposable {
  readonly #parts: KeepingParts
  readonly #keeper: Keeper
  #sign: Disposable | undefined

  constructor(parts: KeepingParts) {
    const { store, clock, bytesOf, onError } = parts
    this.#parts = parts
    this.#keeper = new Keeper({
      store,
      valueOf: bytesOf,
      wallNow: () => clock.wallNow(),
      schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
      onError,
    })
  }

  changed(key: string): void {
    if (this.#parts.isKept(key)) this.#keeper.changed(key)
  }

  /** Calls back once what was changed of a key before is kept, or could not be. */
  after(key: string, callback: AfterKeeping): void {
    this.#keeper.after(key, callback)
  }

  /** Has the store told again and again, from now on, that this node is alive. */
  begin(): void {
    const { clock, pruningMarkerMs } = this.#parts
    this.#sign = clock.schedule(pruningMarkerMs / signsOfLife, () => {
      this.#keeper.signOfLife()
      this.begin()
    })
  }

  /** Once this is disposed of, the store may be closed when that resolves. */
  get lastSave(): Promise<void> {
    return this.#keeper.lastSave
  }

  [Symbol.dispose](): void {
    this.#keeper.close()
    this.#sign?.[Symbol.dispose]()
  }
}
