import type { Clock, Random } from '@casty/clock'
import type { ActorContext } from './actor-context.ts'
import type { ActorSystem } from './actor-system.ts'
import type { Behavior } from './behavior.ts'
import type { Cell } from './cell.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import type { Deadlines } from './deadlines.ts'
import type { Dispatcher } from './dispatcher.ts'
import { GateKeeper, type Gate } from './gate.ts'
import type { Instrument } from './instrument.ts'
import type { MailboxSettings } from './mailbox.ts'
import type { SystemEvent } from './system-event.ts'
import type { ChildFailed, SystemMessage } from './system-message.ts'

/** What handlers of one actor see, and what its cell tells of it. */
export interface CellContext extends ActorContext<unknown> {
  /** Whoever waits for something is to wait no more. */
  interrupt(): void
}

/** What happens to an actor between its messages. */
export interface Conduct {
  contextOf(cell: Cell): CellContext
  obey(cell: Cell, order: SystemMessage): void
  /** Turns into what a handler wants to be from now on. */
  become(cell: Cell, next: Behavior<unknown>): void
  failed(cell: Cell, error: unknown): void
  /**
   * Decides over a child that failed while its parent waits for a promise.
   *
   * @returns false where the parent has to take part itself, when it waits no more
   */
  decide(cell: Cell, failure: ChildFailed): boolean
  /** Its handler waits for a promise, and it has asked something. */
  waits(cell: Cell): void
  /** A message was handled. */
  observed(cell: Cell, item: unknown): void
}

/** What the actors of one system share. */
export interface Runtime {
  readonly system: ActorSystem
  readonly clock: Clock
  readonly random: Random
  readonly dispatcher: Dispatcher
  /** Of questions. */
  readonly deadlines: Deadlines
  readonly conduct: Conduct
  /** Of actors that are spawned without one. */
  readonly mailbox: MailboxSettings
  readonly instrument: Instrument | undefined
  /** What must be open for them to act. */
  readonly gate: GateKeeper | undefined
  /** The same, behind a gate more. */
  readonly gated: WeakMap<Gate, Runtime>
  publish(event: SystemEvent): void
  /** Something of a user that is no actor's failed: it disturbs nobody. */
  report(error: unknown, what: string): void
  deadLetter(path: string, message: unknown, reason: DeadLetterReason): void
  /** The root of all actors has stopped. */
  ended(): void
}

/** The same for those who may act only while `gate` is open: shared by all of them. */
export function behindGate(runtime: Runtime, gate: Gate): Runtime {
  const known = runtime.gated.get(gate)
  if (known) return known
  const report = (error: unknown): void => runtime.report(error, 'A gate threw')
  const keeper = new GateKeeper(gate, runtime.gate, report)
  const gated: Runtime = { ...runtime, gate: keeper, gated: new WeakMap() }
  runtime.gated.set(gate, gated)
  return gated
}
