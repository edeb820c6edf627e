// How an actor comes to know its state: it becomes the writer of its id, so that nobody else adds an event
// that it does not see, takes the newest snapshot that it can read, and adds the events after it one by one.
import type { ActorContext, ActorSystem } from '@casty/actor'
import { PersistenceError } from '../errors.ts'
import { upcast } from '../events/event-adapter.ts'
import { isJournalError, JournalError } from '../journal/journal-error.ts'
import type { JournalHead, StoredEvent, StoredSnapshot } from '../journal/journal-record.ts'
import { Patience } from './patience.ts'
import { gateOf } from './recovery-gate.ts'
import type { Settings } from './settings.ts'
import { warn } from './warn.ts'

/** A state, and the number of the last event in it. */
export interface Folded<State> {
  readonly state: State
  readonly sequenceNr: number
}

/** What the journal says of an actor. */
export interface Recovered<State> extends Folded<State> {
  readonly epoch: number
  /** Of the snapshot that it began with, or 0. */
  readonly snapshotNr: number
}

/** A recovery takes so long at a time before others have their turn, in milliseconds. */
const sliceMs = 8
/** And so many events, on a clock that stands still. */
const sliceEvents = 4_096
const eventsPerLook = 64

/**
 * Throws PersistenceError `CASTY_PERSISTENCE_FENCED`, `…_RECOVERY_FAILED`, `…_RECOVERY_UNAVAILABLE`, or the
 * reason of the actor's signal where it is to stop meanwhile.
 */
export async function recover<Command, Event, State>(
  settings: Settings<Command, Event, State>,
  context: ActorContext<Command>,
): Promise<Recovered<State>> {
  const gate = gateOf(settings.journal)
  await gate.enter(context.signal)
  try {
    return await recoverNow(settings, context)
  } finally {
    gate.leave()
  }
}

async function recoverNow<Command, Event, State>(
  settings: Settings<Command, Event, State>,
  context: ActorContext<Command>,
): Promise<Recovered<State>> {
  const { signal, system } = context
  signal.throwIfAborted() // It may have waited for its turn.
  const patience = new Patience(system.clock, settings.journalTimeoutMs)
  const abort = new AbortController()
  let giveUp = (): void => {}
  const stopped = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(signal.reason)
  })
  signal.addEventListener('abort', giveUp)
  const recovery = new Recovery(settings, system, patience, abort.signal)
  try {
    return await Promise.race([recovery.run(), patience.exhausted, stopped])
  } catch (error) {
    abort.abort(error)
    if (signal.aborted) throw signal.reason
    throw recovery.failureFor(error)
  } finally {
    signal.removeEventListener('abort', giveUp)
    patience[Symbol.dispose]()
  }
}

class Recovery<Command, Event, State> {
  readonly #settings: Settings<Command, Event, State>
  readonly #system: ActorSystem
  readonly #patience: Patience
  readonly #signal: AbortSignal

  constructor(
    settings: Settings<Command, Event, State>,
    system: ActorSystem,
    patience: Patience,
    signal: AbortSignal,
  ) {
    this.#settings = settings
    this.#system = system
    this.#patience = patience
    this.#signal = signal
  }

  async run(): Promise<Recovered<State>> {
    const { journal, id } = this.#settings
    const epoch = this.#settings.epoch ?? (await journal.highest(id)).epoch + 1
    this.#goOn()
    const head = await journal.claim(id, epoch)
    this.#goOn()
    const { snapshotNr, ...start } = await this.#start(head)
    const { state, sequenceNr } = await this.#readOn(start, head)
    return { state, sequenceNr, epoch, snapshotNr }
  }

  /** The newest snapshot that can be read, or the beginning. */
  async #start(head: JournalHead): Promise<Folded<State> & { readonly snapshotNr: number }> {
    let atMost = head.sequenceNr
    while (atMost > 0) {
      const found = await this.#snapshotUpTo(atMost)
      this.#goOn()
      if (found === undefined) break
      if ('state' in found) return { ...found, snapshotNr: found.sequenceNr }
      atMost = found.sequenceNr - 1
      warn(this.#settings, this.#system, {
        type: 'snapshot-unusable',
        id: this.#settings.id,
        ...found,
      })
    }
    // All was deleted on purpose where there is nothing left. Where a snapshot is damaged, it was not.
    const isForgotten = head.deletedTo === head.sequenceNr && atMost === head.sequenceNr
    const sequenceNr = isForgotten ? head.sequenceNr : 0
    return { state: this.#settings.initialState, sequenceNr, snapshotNr: 0 }
  }

  async #snapshotUpTo(
    atMost: number,
  ): Promise<Folded<State> | { readonly sequenceNr: number; readonly error: unknown } | undefined> {
    const { journal, id } = this.#settings
    let sequenceNr = atMost
    try {
      const stored = await journal.latestSnapshot(id, atMost)
      sequenceNr = stored?.sequenceNr ?? sequenceNr
      return stored && { state: this.#stateIn(stored), sequenceNr }
    } catch (error) {
      if (!isJournalError(error)) return { sequenceNr, error } // It cannot be decoded.
      if (error.code !== 'CASTY_JOURNAL_DAMAGED' || error.sequenceNr === undefined) throw error
      return { sequenceNr: Math.min(error.sequenceNr, atMost), error }
    }
  }

  #stateIn({ manifest, version, bytes }: StoredSnapshot): State {
    const { codec, snapshots } = this.#settings
    const what = (): string => `a snapshot of kind ${JSON.stringify(manifest)}`
    // What was encoded from a state, and translated to the version of today, is a state.
    return upcast(what, snapshots?.versions ?? {}, version, codec.decode(bytes)) as State
  }

  async #readOn(start: Folded<State>, head: JournalHead): Promise<Folded<State>> {
    const { journal, id } = this.#settings
    let { state, sequenceNr } = start
    if (sequenceNr === head.sequenceNr) return start
    const range = { fromSequenceNr: sequenceNr + 1, toSequenceNr: head.sequenceNr }
    let sliceEnd = this.#system.clock.now() + sliceMs
    let read = 0
    for await (const stored of journal.events(id, { ...range, signal: this.#signal })) {
      this.#goOn()
      if (stored.sequenceNr !== sequenceNr + 1) break
      state = this.#after(state, stored)
      sequenceNr++
      if (++read % eventsPerLook > 0) continue
      if (read % sliceEvents > 0 && this.#system.clock.now() < sliceEnd) continue
      await this.#letOthersRun()
      sliceEnd = this.#system.clock.now() + sliceMs
    }
    if (sequenceNr < head.sequenceNr) {
      throw JournalError.damaged(id, 'it is missing', { sequenceNr: sequenceNr + 1 })
    }
    return { state, sequenceNr }
  }

  #after(state: State, stored: StoredEvent): State {
    const { codec, events, onEvent, id } = this.#settings
    try {
      const { manifest, version, bytes, ...info } = stored
      const translated = events.fromStored({ manifest, version, content: codec.decode(bytes) })
      return translated.reduce((before, event) => onEvent(before, event, info), state)
    } catch (error) {
      throw PersistenceError.recoveryFailed(id, error, stored.sequenceNr)
    }
  }

  #letOthersRun(): Promise<void> {
    return new Promise((resolve) => {
      this.#system.clock.schedule(0, resolve)
    })
  }

  /** The journal has answered; whoever waits for that may have gone meanwhile. */
  #goOn(): void {
    this.#signal.throwIfAborted()
    this.#patience.heard()
  }

  failureFor(error: unknown): PersistenceError {
    const { id } = this.#settings
    if (error instanceof PersistenceError) return error
    if (!isJournalError(error)) return PersistenceError.recoveryUnavailable(id, error)
    switch (error.code) {
      case 'CASTY_JOURNAL_FENCED':
        return PersistenceError.fenced(id, error)
      case 'CASTY_JOURNAL_FULL': // To claim is to write.
      case 'CASTY_JOURNAL_UNAVAILABLE':
        return PersistenceError.recoveryUnavailable(id, error)
      case 'CASTY_JOURNAL_CLOSED':
      case 'CASTY_JOURNAL_DAMAGED':
      case 'CASTY_JOURNAL_DELETED':
      case 'CASTY_JOURNAL_INVALID':
      case 'CASTY_JOURNAL_TOO_LARGE':
        return PersistenceError.recoveryFailed(id, error, error.sequenceNr)
    }
  }
}
