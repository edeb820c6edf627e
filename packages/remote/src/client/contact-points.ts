// Where a client begins to look for members. What the user gave for it may be a function, which may fail, or never end.
import type { ActorSystem } from '@casty/actor'
import type { NodeAddress } from '@casty/transport'

export interface ContactPointsParts {
  readonly system: ActorSystem
  readonly resolvePoints: () => Promise<readonly NodeAddress[]>
  /** For how long it is waited for, in milliseconds. */
  readonly timeoutMs: number
  /** Ends the waiting. */
  readonly signal: AbortSignal
  readonly found: (points: readonly NodeAddress[]) => void
}

export class ContactPoints {
  readonly #parts: ContactPointsParts
  #isResolving = false
  #failure: string | undefined

  constructor(parts: ContactPointsParts) {
    this.#parts = parts
  }

  /** Why they could not be found the last time, for people. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** Asks for them, unless that is under way. Never rejects. */
  async resolve(): Promise<void> {
    if (this.#isResolving) return
    this.#isResolving = true
    const { system, resolvePoints, found } = this.#parts
    try {
      const points = await this.#inTime(resolvePoints())
      this.#failure = undefined
      found(points)
    } catch (error) {
      this.#failure = `contactPoints: ${error instanceof Error ? error.message : String(error)}`
      system.logger?.warn({ error }, 'Contact points of a cluster could not be found')
    } finally {
      this.#isResolving = false
    }
  }

  /** A user's function that never ends must not keep it from being asked again. */
  async #inTime<T>(promise: Promise<T>): Promise<T> {
    const { system, timeoutMs, signal } = this.#parts
    let end = (): void => {}
    const tooLate = new Promise<never>((_resolve, reject) => {
      const timer = system.clock.schedule(timeoutMs, () => {
        reject(new Error(`they were not found within ${timeoutMs} ms`))
      })
      end = () => timer[Symbol.dispose]()
      signal.addEventListener('abort', end, { once: true })
    })
    try {
      return await Promise.race([promise, tooLate])
    } finally {
      end()
      signal.removeEventListener('abort', end)
    }
  }
}
