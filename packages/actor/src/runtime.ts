import type { Clock, Random } from '@casty/clock'
import type { ActorSystem } from './actor-system.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { MailboxSettings } from './mailbox.ts'
import type { SystemEvent } from './system-event.ts'

/** What the actors of one system share. */
export interface Runtime {
  readonly system: ActorSystem
  readonly clock: Clock
  readonly random: Random
  readonly dispatcher: Dispatcher
  /** Of actors that are spawned without one. */
  readonly mailbox: MailboxSettings
  publish(event: SystemEvent): void
  deadLetter(path: string, message: unknown, reason: DeadLetterReason): void
  /** The root of all actors has stopped. */
  ended(): void
}
