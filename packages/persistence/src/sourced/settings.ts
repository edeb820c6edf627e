// The options of one behavior, checked once, with what follows from them.
import {
  ActorError,
  oneForOne,
  type Backoff,
  type Directive,
  type SupervisionStrategy,
} from '@casty/actor'
import { PersistenceError } from '../errors.ts'
import type { Codec } from '../events/codec.ts'
import { plainEvents, type EventAdapter, type Versions } from '../events/event-adapter.ts'
import { jsonCodec } from '../events/json-codec.ts'
import type { EventSourcedOptions, SnapshotOptions } from './options.ts'

export interface SnapshotSettings<Event, State> {
  readonly every: number
  readonly when: SnapshotOptions<Event, State>['when']
  readonly keep: number
  readonly deleteEvents: boolean
  readonly versions: Versions
}

/** Options of which none is missing any more. */
export interface Settings<Command, Event, State> extends Omit<
  EventSourcedOptions<Command, Event, State>,
  'events' | 'codec' | 'snapshots' | 'journalTimeoutMs' | 'backoff'
> {
  readonly events: EventAdapter<Event>
  readonly codec: Codec
  readonly snapshots: SnapshotSettings<Event, State> | undefined
  readonly journalTimeoutMs: number
  /** What becomes of the actor for failures of its journal. */
  readonly strategy: SupervisionStrategy
}

const optionNames: readonly string[] = [
  'id',
  'journal',
  'initialState',
  'onCommand',
  'onEvent',
  'onSignal',
  'onRecovered',
  'events',
  'codec',
  'snapshots',
  'epoch',
  'journalTimeoutMs',
  'backoff',
  'onWarning',
]

const snapshotOptionNames: readonly string[] = [
  'every',
  'when',
  'keep',
  'deleteEvents',
  'version',
  'upcasts',
]

/** @throws PersistenceError `CASTY_PERSISTENCE_INVALID_OPTION`; ActorError for the backoff */
export function checkedSettings<Command, Event, State>(
  options: EventSourcedOptions<Command, Event, State>,
): Settings<Command, Event, State> {
  knownNames('', options, optionNames)
  const { id, journal, epoch, journalTimeoutMs = 10_000, snapshots } = options
  if (typeof id !== 'string' || id === '') {
    throw PersistenceError.invalidOption('id', id, 'a text that is not empty')
  }
  capable('journal', journal, ['append', 'claim', 'highest', 'events', 'latestSnapshot'])
  for (const name of ['onCommand', 'onEvent'] as const) functionAt(name, options[name])
  for (const name of ['onSignal', 'onRecovered', 'onWarning'] as const) {
    if (options[name] !== undefined) functionAt(name, options[name])
  }
  const { events = plainEvents<Event>(), codec = jsonCodec } = options
  capable('events', events, ['toStored', 'fromStored'])
  capable('codec', codec, ['encode', 'decode'])
  if (snapshots !== undefined) encodable(codec, options.initialState)
  if (epoch !== undefined) whole('epoch', epoch, 0)
  if (!(journalTimeoutMs > 0) || !Number.isFinite(journalTimeoutMs)) {
    const allowed = 'a number of milliseconds above 0'
    throw PersistenceError.invalidOption('journalTimeoutMs', journalTimeoutMs, allowed)
  }
  return {
    ...options,
    events,
    codec,
    journalTimeoutMs,
    snapshots: snapshots && checkedSnapshots(snapshots),
    strategy: options.backoff ? strategyWith(options.backoff) : defaultStrategy,
  }
}

function strategyWith(backoff: Backoff): SupervisionStrategy {
  return oneForOne({ decide: directiveFor, maxRestarts: Infinity, backoff })
}

const defaultStrategy = strategyWith({ minMs: 200, maxMs: 10_000 })

/** What becomes of the actor is known for failures of its journal; others are up to whoever supervises it. */
function directiveFor(error: unknown): Directive {
  if (error instanceof ActorError && error.code === 'CASTY_ACTOR_STASH_FULL') return 'resume'
  if (!(error instanceof PersistenceError)) return 'escalate'
  switch (error.code) {
    case 'CASTY_PERSISTENCE_WRITE_REFUSED':
    case 'CASTY_PERSISTENCE_UNSERIALIZABLE':
      return 'resume' // Nothing has happened.
    case 'CASTY_PERSISTENCE_WRITE_UNKNOWN':
    case 'CASTY_PERSISTENCE_RECOVERY_UNAVAILABLE':
      return 'restart'
    case 'CASTY_PERSISTENCE_FENCED': // To start again would take the id from its new writer.
    case 'CASTY_PERSISTENCE_RECOVERY_FAILED':
      return 'stop'
    case 'CASTY_PERSISTENCE_INVALID_EFFECT':
    case 'CASTY_PERSISTENCE_INVALID_OPTION':
    case 'CASTY_PERSISTENCE_UNKNOWN_VERSION':
      return 'escalate'
  }
}

function checkedSnapshots<Event, State>(
  options: SnapshotOptions<Event, State>,
): SnapshotSettings<Event, State> {
  knownNames('snapshots.', options, snapshotOptionNames)
  const { every = 100, when, keep = 2, deleteEvents = false, ...versions } = options
  if (every !== Infinity) whole('snapshots.every', every, 1)
  whole('snapshots.keep', keep, 1)
  whole('snapshots.version', versions.version ?? 1, 0)
  if (when !== undefined) functionAt('snapshots.when', when)
  if (typeof deleteEvents !== 'boolean') {
    throw PersistenceError.invalidOption('snapshots.deleteEvents', deleteEvents, 'true or false')
  }
  return { every, when, keep, deleteEvents, versions }
}

function knownNames(prefix: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    const name = prefix === '' ? 'options' : prefix.slice(0, -1)
    throw PersistenceError.invalidOption(name, options, 'an object of options')
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown !== undefined) throw PersistenceError.unknownOption(`${prefix}${unknown}`, known)
}

/** Found out now, rather than by a warning for each snapshot that is not saved. */
function encodable(codec: Codec, initialState: unknown): void {
  try {
    codec.encode(initialState)
  } catch (error) {
    const allowed = 'one that the codec can encode, since snapshots are taken'
    throw PersistenceError.invalidOption('initialState', initialState, allowed, { cause: error })
  }
}

function whole(option: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return
  throw PersistenceError.invalidOption(option, value, `an integer from ${least}`)
}

function functionAt(option: string, value: unknown): void {
  if (typeof value === 'function') return
  throw PersistenceError.invalidOption(option, value, 'a function')
}

function capable(option: string, value: object, methods: readonly string[]): void {
  const isObject = typeof value === 'object' && value !== null
  // Every object may be read by name.
  const read = (name: string): unknown => (value as Readonly<Record<string, unknown>>)[name]
  if (isObject && methods.every((name) => typeof read(name) === 'function')) return
  throw PersistenceError.invalidOption(option, value, `an object with ${methods.join(', ')}`)
}
