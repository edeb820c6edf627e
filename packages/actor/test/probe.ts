// Actors that write down what they do, on a clock that a test moves.
import { ManualClock, seededRandom } from '@casty/clock'
import {
  ActorSystem,
  Behaviors,
  type ActorRef,
  type ActorSystemOptions,
  type Behavior,
  type SystemEvent,
} from '../src/index.ts'

/** A system on manual time, and all that it told. */
export class TestSystem extends ActorSystem {
  override readonly clock: ManualClock
  readonly events: SystemEvent[] = []

  constructor(options: ActorSystemOptions = {}) {
    const clock = new ManualClock()
    super({ clock, random: seededRandom(1), ...options })
    this.clock = clock
    this.subscribe((event) => this.events.push(event))
  }

  /** Lets everybody do what there is to do. */
  async idle(): Promise<void> {
    await this.clock.advanceAsync(0)
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms)
  }

  /** Dead letters so far, as `reason path: message`. */
  get lost(): readonly string[] {
    return this.events.flatMap((event) =>
      event.type === 'dead-letter'
        ? [
            `${event.deadLetter.reason} ${event.deadLetter.path}: ${String(event.deadLetter.message)}`,
          ]
        : [],
    )
  }

  /** What happened to actors, as `stopped /a`. */
  get story(): readonly string[] {
    return this.events.flatMap((event) =>
      'ref' in event ? [`${event.type.replace('actor-', '')} ${event.ref.path}`] : [],
    )
  }
}

/** Writes every message down. */
export function writing(log: unknown[]): Behavior<unknown> {
  return Behaviors.receive((message) => void log.push(message))
}

/** A promise that a test settles. */
export function gate(): {
  readonly promise: Promise<void>
  open(): void
  fail(error: unknown): void
} {
  let open = (): void => {}
  let fail = (_error: unknown): void => {}
  const promise = new Promise<void>((resolve, reject) => {
    open = resolve
    fail = reject
  })
  return { promise, open: () => open(), fail: (error) => fail(error) }
}

export type Ref<M> = ActorRef<M>
