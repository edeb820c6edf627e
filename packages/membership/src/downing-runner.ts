import type { Clock } from '@casty/clock'
import type { NodeIdentity } from '@casty/transport'
import type { Timed } from './alarm.ts'
import type { DowningOutcome, DowningProvider, DowningView } from './downing.ts'
import { viewpoint, type MembershipState } from './membership-state.ts'
import type { Logger } from './options.ts'

/** A downing provider is not asked again sooner than this, whatever it asks for. */
const soonestMs = 100

/** Asks a downing provider, where there is one: when the view changed, and when it wants to be asked. */
export class DowningRunner implements Timed {
  readonly #provider: DowningProvider | undefined
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #state: () => MembershipState
  readonly #down: (nodes: readonly NodeIdentity[]) => void
  #nextDeadline = Number.POSITIVE_INFINITY

  constructor(
    provider: DowningProvider | undefined,
    clock: Clock,
    logger: Logger,
    state: () => MembershipState,
    down: (nodes: readonly NodeIdentity[]) => void,
  ) {
    this.#provider = provider
    this.#clock = clock
    this.#logger = logger
    this.#state = state
    this.#down = down
  }

  /** When the provider wants to be asked though nothing changed. */
  get nextDeadline(): number {
    return this.#nextDeadline
  }

  wake(): void {
    if (this.#clock.now() >= this.#nextDeadline) this.ask()
  }

  ask(): void {
    const state = this.#state()
    const { phase, self, cluster } = state
    if (!this.#provider || phase.type === 'joining' || phase.type === 'stopped') return
    const now = this.#clock.now()
    const view = { now, self, state: cluster, viewpoint: viewpoint(state) }
    const outcome = this.#decide(this.#provider, view)
    const { wakeAt = Number.POSITIVE_INFINITY } = outcome
    // Asked for a time that is over it is asked again soon, but the node does other things meanwhile.
    this.#nextDeadline = wakeAt > now ? wakeAt : now + soonestMs
    if (outcome.down.length > 0) this.#down(outcome.down)
  }

  /** A provider is a user's code. One that throws has decided nothing, and is asked at the next change. */
  #decide(provider: DowningProvider, view: DowningView): DowningOutcome {
    try {
      return provider.decide(view)
    } catch (error) {
      this.#logger.error({ error }, 'The downing provider threw')
      return { down: [] }
    }
  }
}
