// A run's one stream of news: it makes the scene, and tells whoever draws or waits.
import { advance, emptyScene, type Scene } from './scene.ts'
import type { News } from './news.ts'

export interface RunListener {
  (news: News, scene: Scene, before: Scene): void
}

export class Run {
  readonly #now: () => number
  readonly #startedAt: number
  readonly #listeners = new Set<RunListener>()
  #scene = emptyScene

  /** @param now - a monotonic clock, in milliseconds */
  constructor(now: () => number) {
    this.#now = now
    this.#startedAt = now()
  }

  get scene(): Scene {
    return this.#scene
  }

  /** Milliseconds since the run began. */
  elapsedMs(): number {
    return this.#now() - this.#startedAt
  }

  readonly tell = (news: News): void => {
    const before = this.#scene
    this.#scene = advance(before, news, this.elapsedMs())
    for (const listener of this.#listeners) listener(news, this.#scene, before)
  }

  subscribe(listener: RunListener): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /**
   * Resolves as soon as `holds` does, which is asked after every piece of news; with false when
   * `timeoutMs` pass before. Rejects with the signal's reason when it is aborted.
   */
  until(
    holds: (scene: Scene) => boolean,
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        listening[Symbol.dispose]()
        signal.removeEventListener('abort', abort)
        clearTimeout(timer)
        act()
      }
      const listening = this.subscribe((_, scene) => {
        if (holds(scene)) settle(() => resolve(true))
      })
      const abort = (): void => settle(() => reject(asError(signal.reason)))
      const timer = setTimeout(() => settle(() => resolve(false)), timeoutMs)
      signal.addEventListener('abort', abort, { once: true })
      if (signal.aborted) abort()
      else if (holds(this.#scene)) settle(() => resolve(true))
    })
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
