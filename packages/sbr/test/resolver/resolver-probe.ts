// The resolver of one node as a test asks it: views in a line of text, and time that passes.
import {
  initialResolverState,
  keepMajority,
  resolve,
  type DowningStrategy,
  type ResolverInput,
  type ResolverRuling,
  type ResolverSettings,
  type ResolverState,
  type SbrAction,
  type SbrView,
} from '@casty/sbr'
import { node, view, type Scene } from '../strategies/views.ts'

export interface ProbeOptions {
  /** @defaultValue keepMajority() */
  readonly strategy?: DowningStrategy
  /** @defaultValue 5_000 */
  readonly stableAfterMs?: number
  /** @defaultValue 4_000 */
  readonly unstableAfterMs?: number | 'off'
  /** @defaultValue true */
  readonly isResponsible?: boolean
}

/** Another node has seen less, is accused by few, or the node is not itself. */
export interface Sight extends Scene {
  /** Members that are accused besides those unreachable: `'c d'`. */
  readonly suspected?: string
  readonly isResponsible?: boolean
  readonly isDoubtful?: boolean
  readonly hasStalled?: boolean
}

/** One line for each action: `'down d e (stable)'`. */
function lineOf(action: SbrAction): string {
  switch (action.type) {
    case 'down':
      return `down ${action.nodes.map(({ address }) => address.host).join(' ')} (${action.ruling.cause})`
    case 'acquire-lease':
      return `acquire-lease within ${action.timeoutMs} ms`
    case 'release-lease':
      return 'release-lease'
  }
}

export class ResolverProbe {
  readonly #settings: ResolverSettings
  readonly #isResponsible: boolean
  #state: ResolverState = initialResolverState
  #view: SbrView = view('a')
  #sight: Sight = {}
  #version = 0
  #told: string[] = []
  now = 0
  isLeaseHeld = false
  ruling: ResolverRuling | undefined

  constructor({
    strategy = keepMajority(),
    stableAfterMs = 5_000,
    unstableAfterMs = 4_000,
    isResponsible = true,
  }: ProbeOptions = {}) {
    this.#settings = {
      strategy,
      stableAfterMs,
      unstableAfterMs: unstableAfterMs === 'off' ? undefined : unstableAfterMs,
      downAllWhenIndirectlyConnected: 0.5,
    }
    this.#isResponsible = isResponsible
  }

  /** The view changes to `'a b / c'` (see `views.ts`); by default all on this side have seen it. */
  see(text: string, sight: Sight = {}): this {
    this.#view = view(text, sight)
    this.#sight = sight
    this.#version += 1
    this.#ask()
    return this
  }

  /** Others turn out to have seen the same state. */
  hear(...names: readonly string[]): this {
    const seenBy = new Set([...this.#view.seenBy, ...names.map((name) => node(name).key)])
    this.#view = { ...this.#view, seenBy }
    this.#ask()
    return this
  }

  /** Time passes, and the resolver is asked whenever it wants to be. */
  pass(ms: number): this {
    const until = this.now + ms
    for (let at = this.#state.wakeAt; at <= until; at = this.#state.wakeAt) {
      this.now = at
      this.#ask()
    }
    this.now = until
    return this
  }

  /** Time passes, and nobody asks: the node stands still. */
  standStill(ms: number): this {
    this.now += ms
    this.#ask()
    return this
  }

  answerLease(isGranted: boolean, request = this.#state.requests): this {
    if (isGranted) this.isLeaseHeld = true
    this.#ask({ leaseAnswer: { request, isGranted } })
    return this
  }

  get state(): ResolverState {
    return this.#state
  }

  /** All actions since this was last asked. */
  get actions(): readonly string[] {
    const told = this.#told
    this.#told = []
    return told
  }

  #ask(more: Pick<ResolverInput, 'leaseAnswer'> = {}): void {
    const { suspected = '', isDoubtful = false, hasStalled = false } = this.#sight
    const names = suspected.split(' ').filter((name) => name !== '')
    const [state, { actions, ruling }] = resolve(this.#settings, this.#state, {
      now: this.now,
      view: this.#view,
      version: this.#version,
      suspected: new Set([...this.#view.unreachable, ...names.map((name) => node(name).key)]),
      isResponsible: this.#sight.isResponsible ?? this.#isResponsible,
      hasStalled,
      isDoubtful,
      isLeaseHeld: this.isLeaseHeld,
      ...more,
    })
    this.#sight = { ...this.#sight, hasStalled: false }
    this.#state = state
    if (ruling) this.ruling = ruling
    if (actions.some(({ type }) => type === 'release-lease')) this.isLeaseHeld = false
    this.#told.push(...actions.map(lineOf))
  }
}
