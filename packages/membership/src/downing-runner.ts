import type { Clock } from '@casty/clock'
import type { NodeIdentity } from '@casty/transport'
import type { Timed } from './alarm.ts'
import type { ClusterState } from './cluster-state.ts'
import type { DowningOutcome, DowningProvider, DowningRuntime, DowningView } from './downing.ts'
import { viewpoint, type MembershipState } from './membership-state.ts'
import type { Logger } from './options.ts'

/** A downing runtime is not asked again sooner than this, whatever it asks for. */
const soonestMs = 100
/** One that threw has decided nothing: it is asked again after this, or at the next change. */
const afterThrowMs = 1_000

/** The parts of a node that downing works with. */
export interface DowningParts {
  readonly clock: Clock
  readonly logger: Logger
  state(): MembershipState
  down(nodes: readonly NodeIdentity[]): void
  /** `nextDeadline` has moved. */
  deadlineMoved(): void
}

/** Asks the downing runtime, where there is one: when the view changed, and when it wants to be asked. */
export class DowningRunner implements Timed {
  readonly #provider: DowningProvider | undefined
  readonly #parts: DowningParts
  #runtime: DowningRuntime | undefined
  #lastWords: object | undefined
  #nextDeadline = Number.POSITIVE_INFINITY
  #askedAt = Number.NEGATIVE_INFINITY
  #isWanted = false
  #seen: ClusterState['seen'] | undefined

  constructor(provider: DowningProvider | undefined, parts: DowningParts) {
    this.#provider = provider
    this.#parts = parts
  }

  /** Begins anew for an incarnation of the node; what the runtime of a former one knew is over. */
  start(self: NodeIdentity): void {
    void this.stop()
    this.#lastWords = undefined
    const { clock, logger } = this.#parts
    const started: { runtime: DowningRuntime | undefined } = { runtime: undefined }
    const askAgain = (): void => {
      if (started.runtime !== undefined && started.runtime === this.#runtime) this.#want()
    }
    started.runtime = this.#provider?.start({ self, clock, logger, askAgain })
    this.#runtime = started.runtime
  }

  /** When the runtime wants to be asked though nothing changed. */
  get nextDeadline(): number {
    return this.#nextDeadline
  }

  wake(): void {
    if (this.#parts.clock.now() >= this.#nextDeadline) this.ask()
  }

  /** Whether others are known to have seen the state of which the runtime does not know it. */
  isNews({ seen }: ClusterState): boolean {
    return seen !== this.#seen
  }

  ask(): void {
    const state = this.#parts.state()
    const { phase, self, cluster } = state
    if (!this.#runtime || phase.type === 'joining' || phase.type === 'stopped') return
    const now = this.#parts.clock.now()
    this.#askedAt = now
    this.#seen = cluster.seen
    this.#isWanted = false
    const outcome = this.#decide(this.#runtime, {
      now,
      self,
      state: cluster,
      viewpoint: viewpoint(state),
    })
    const { wakeAt = Number.POSITIVE_INFINITY } = outcome
    // Asked for a time that is over it is asked again soon, but the node does other things meanwhile.
    this.#nextDeadline = wakeAt > now && !this.#isWanted ? wakeAt : now + soonestMs
    if (outcome.down.length > 0) this.#parts.down(outcome.down)
  }

  /**
   * What the runtime tells of itself, or told last: once the node was downed, why is what one wants to
   * know. Undefined where there is none, or it has nothing to tell.
   */
  explain(): object | undefined {
    return this.#runtime ? this.#wordsOf(this.#runtime) : this.#lastWords
  }

  #wordsOf(runtime: DowningRuntime): object | undefined {
    try {
      return runtime.explain?.()
    } catch (error) {
      this.#parts.logger.error({ error }, 'The downing runtime threw when it was to explain itself')
      return undefined
    }
  }

  /** Disposes of the runtime, which is asked no more. */
  async stop(): Promise<void> {
    const runtime = this.#runtime
    if (!runtime) return
    this.#runtime = undefined
    this.#nextDeadline = Number.POSITIVE_INFINITY
    const disposal = this.#dispose(runtime)
    this.#lastWords = this.#wordsOf(runtime) // It knows by now that it waits for nothing any more.
    await disposal
  }

  async #dispose(runtime: DowningRuntime): Promise<void> {
    try {
      await runtime[Symbol.asyncDispose]?.()
    } catch (error) {
      this.#parts.logger.error({ error }, 'The downing runtime threw when it was disposed of')
    }
  }

  #want(): void {
    this.#isWanted = true
    const soonest = Math.max(this.#parts.clock.now(), this.#askedAt + soonestMs)
    this.#nextDeadline = Math.min(this.#nextDeadline, soonest)
    this.#parts.deadlineMoved()
  }

  /** A runtime may be a user's code: that it throws must neither stop the node nor keep it busy. */
  #decide(runtime: DowningRuntime, view: DowningView): DowningOutcome {
    try {
      return runtime.decide(view)
    } catch (error) {
      this.#parts.logger.error({ error }, 'The downing runtime threw, and has decided nothing')
      return { down: [], wakeAt: view.now + afterThrowMs }
    }
  }
}
