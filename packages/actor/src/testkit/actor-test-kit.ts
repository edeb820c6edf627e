import { ManualClock, seededRandom } from '@casty/clock'
import type { ActorContext } from '../actor-context.ts'
import type { ActorRef } from '../actor-ref.ts'
import type { ActorSystemOptions } from '../actor-system-options.ts'
import { ActorSystem } from '../actor-system.ts'
import { receive, setup } from '../behaviors.ts'
import type { DeadLetter } from '../dead-letter.ts'
import { nothing } from '../nothing.ts'
import type { SystemEvent } from '../system-event.ts'
import { TestProbe, type ProbeNotes } from './test-probe.ts'

/** Options of an {@link ActorTestKit}. */
export interface ActorTestKitOptions extends Omit<ActorSystemOptions, 'clock'> {
  /** @defaultValue one that begins at 0 */
  readonly clock?: ManualClock
}

/**
 * A system whose time stands still but for `pass()`, with probes to look into it.
 *
 * @example
 * await using kit = new ActorTestKit()
 * const probe = kit.probe<string>()
 * kit.system.scheduler.once(probe.ref, 'tick', 60_000)
 * await kit.pass(60_000)
 * await probe.expect('tick')
 */
export class ActorTestKit implements AsyncDisposable {
  readonly clock: ManualClock
  readonly system: ActorSystem
  readonly #events: SystemEvent[] = []

  /** @throws ActorError `CASTY_ACTOR_INVALID_OPTION` */
  constructor(options: ActorTestKitOptions = {}) {
    const { clock = new ManualClock() } = options
    this.clock = clock
    this.system = new ActorSystem({ random: seededRandom(1), ...options, clock })
    this.system.subscribe((event) => this.#events.push(event))
  }

  /** All that happened in the system. */
  get events(): readonly SystemEvent[] {
    return this.#events
  }

  get deadLetters(): readonly DeadLetter[] {
    return this.#events.flatMap((event) => (event.type === 'dead-letter' ? [event.deadLetter] : []))
  }

  /** Starts a probe. @param name - of its actor */
  probe<M>(name?: string): TestProbe<M> {
    const notes: ProbeNotes<M> = { messages: [], ends: new Map() }
    // Set before anybody can use it: actors are set up before their first message.
    let own: ActorContext<M | typeof nothing> | undefined
    const wanted: ActorRef<never>[] = []
    const watchAll = (): void => {
      for (const ref of wanted.splice(0)) own?.watch(ref)
    }
    const behavior = setup<M | typeof nothing>((context) => {
      own = context
      return receive(
        (message) => {
          if (message === nothing) watchAll()
          else notes.messages.push(message)
        },
        ({ ref, ending }) => void notes.ends.set(ref, ending),
      )
    })
    const ref = this.system.spawn(behavior, name === undefined ? {} : { name })
    const watch = (other: ActorRef<never>): void => {
      wanted.push(other)
      ref.tell(nothing)
    }
    return new TestProbe<M>(ref, notes, watch, () => this.idle())
  }

  /** Lets everybody do what there is to do, without time passing. */
  async idle(): Promise<void> {
    await this.clock.advanceAsync(0)
  }

  /** Lets time pass, and all that falls due meanwhile happen. @param ms - in milliseconds */
  async pass(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.system.shutdown()
  }
}
