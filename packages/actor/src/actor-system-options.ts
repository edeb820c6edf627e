import { systemClock, systemRandom, type Clock, type Random } from '@casty/clock'
import { ActorError } from './errors.ts'
import type { Instrument } from './instrument.ts'
import { unthrowing, type Logger } from './logger.ts'
import { mailboxDefaults, type MailboxSettings } from './mailbox.ts'
import { capable, duration, knownNames } from './option-values.ts'
import { checkedMailbox } from './spawn.ts'

export interface ActorSystemOptions {
  /** @defaultValue systemClock */
  readonly clock?: Clock
  /** @defaultValue systemRandom */
  readonly random?: Random
  /** Of actors that are spawned without one. @defaultValue mailboxDefaults */
  readonly mailbox?: Partial<MailboxSettings>
  /** Told of failures, of dead letters (some, where there are many), and of listeners that throw. */
  readonly logger?: Logger
  /**
   * How long all actors together may take to stop when the system shuts down, in milliseconds; or Infinity.
   * Then it goes on without those that hang: the tasks of `release` run, and the shutdown rejects. Raise it
   * where a message may take longer. @defaultValue 30_000
   */
  readonly stopTimeoutMs?: number
  /** Looks at messages on their way. @defaultValue none, at no cost */
  readonly instrument?: Instrument
}

const optionNames: readonly string[] = [
  'clock',
  'random',
  'mailbox',
  'logger',
  'stopTimeoutMs',
  'instrument',
] satisfies (keyof ActorSystemOptions)[]

/** What a system goes by. */
export interface SystemSettings {
  readonly clock: Clock
  readonly random: Random
  readonly mailbox: MailboxSettings
  readonly logger: Logger | undefined
  readonly instrument: Instrument | undefined
  readonly stopTimeoutMs: number
}

/** @throws ActorError `CASTY_ACTOR_INVALID_OPTION` */
export function checkedOptions(options: ActorSystemOptions): SystemSettings {
  const of = 'ActorSystem'
  knownNames(of, options, optionNames)
  const { clock = systemClock, random = systemRandom, logger, instrument } = options
  const { mailbox = {}, stopTimeoutMs = 30_000 } = options
  if (stopTimeoutMs !== Infinity) duration(of, 'stopTimeoutMs', stopTimeoutMs, 0)
  capable(of, 'clock', clock, ['now', 'schedule'], 'a Clock')
  if (typeof random !== 'function') {
    throw ActorError.invalidOption(of, 'random', random, 'a function')
  }
  if (instrument !== undefined) {
    capable(of, 'instrument', instrument, ['onSend', 'onReceive'], 'an instrument')
  }
  if (logger !== undefined) {
    capable(of, 'logger', logger, ['debug', 'info', 'warn', 'error'], 'a logger')
  }
  const settings = checkedMailbox(of, mailbox, mailboxDefaults)
  return {
    clock,
    random,
    mailbox: settings,
    logger: logger && unthrowing(logger),
    instrument,
    stopTimeoutMs,
  }
}
