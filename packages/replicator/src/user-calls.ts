import type { Crdt, Replica } from '@casty/crdt'
import type { KnownTypes } from './any-value.ts'
import type { Consistency } from './consistency.ts'
import type { Call, CallOutcome, ReplicatorEvent } from './core/events.ts'
import { ReplicatorError } from './errors.ts'
import { checkKey, type ReplicatedKey } from './key.ts'
import { checkCapable, checkedDuration, checkNames } from './options.ts'
import type { Outcome, ReadOptions, WaitOptions, WriteOptions } from './outcome.ts'
import { changeOfAny } from './user-changes.ts'
import { WaitingCalls } from './waiting-calls.ts'

const waitNames = ['timeoutMs', 'signal']

/** What cores are told of calls. */
export type UserEvent = Extract<
  ReplicatorEvent,
  { readonly type: 'update-requested' | 'read-requested' | 'call-abandoned' }
>

export interface UserCallsParts {
  /** How long a call waits, unless it says so itself, in milliseconds. */
  readonly timeoutMs: number
  readonly knownTypes: KnownTypes
  readonly dispatch: (event: UserEvent) => void
  /** Once no call may begin any more. */
  readonly stopped: () => ReplicatorError | undefined
  /** @throws ReplicatorError for what a core would not find */
  readonly check?: (consistency: Consistency) => void
}

/** Calls of a user's on values: each is told to a core, and waits for its answer. */
export class UserCalls {
  readonly #parts: UserCallsParts
  readonly #waiting = new WaitingCalls()

  constructor(parts: UserCallsParts) {
    this.#parts = parts
  }

  async update<C extends Crdt<C>>(
    key: ReplicatedKey<C>,
    change: (value: C, replica: Replica) => C,
    options: WriteOptions,
  ): Promise<Outcome<C>> {
    checkNames('a change', options, [...waitNames, 'write'])
    if (typeof change !== 'function') {
      throw ReplicatorError.invalidOption('change', change, 'a function of the value')
    }
    const { write = 'local' } = options
    return await this.#call(key, write, options, (call) => ({
      type: 'update-requested',
      call,
      change: changeOfAny(key, change, this.#parts.knownTypes),
    }))
  }

  async get<C extends Crdt<C>>(key: ReplicatedKey<C>, options: ReadOptions): Promise<Outcome<C>> {
    checkNames('a read', options, [...waitNames, 'read'])
    const { read = 'local' } = options
    return await this.#call(key, read, options, (call) => ({
      type: 'read-requested',
      call,
    }))
  }

  async #call<C extends Crdt<C>>(
    key: ReplicatedKey<C>,
    consistency: Consistency,
    { timeoutMs = this.#parts.timeoutMs, signal }: WaitOptions,
    eventOf: (call: Call) => UserEvent,
  ): Promise<Outcome<C>> {
    const { knownTypes, stopped, check } = this.#parts
    checkKey(key)
    const error = stopped()
    if (error) throw error
    if (signal !== undefined) checkCapable('signal', signal, ['throwIfAborted'], 'an AbortSignal')
    signal?.throwIfAborted()
    checkedDuration('timeoutMs', timeoutMs)
    check?.(consistency)
    const type = knownTypes.of(key.type)
    return await this.#waiting.wait(
      key.type,
      { ...(signal && { signal }) },
      (id) => this.#parts.dispatch(eventOf({ id, key: key.name, type, consistency, timeoutMs })),
      (id) => this.#parts.dispatch({ type: 'call-abandoned', id }),
    )
  }

  settle(id: number, outcome: CallOutcome): void {
    this.#waiting.settle(id, outcome)
  }

  failAll(error: unknown): void {
    this.#waiting.failAll(error)
  }
}
