import type {
  DowningContext,
  DowningOutcome,
  DowningRuntime,
  DowningView,
  NodeIdentity,
  NodeKey,
} from '@casty/membership'
import { noDowningName } from '../strategies/no-downing.ts'
import type { DowningStrategy } from '../strategy.ts'
import type { SbrView } from '../view.ts'
import type { ResolverRuling, SbrAction } from './action.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { leaseOutlastsMs } from './lease-phase.ts'
import { undecidedMembers } from './picture.ts'
import { resolve } from './resolver.ts'
import { initialResolverState, type ResolverState } from './resolver-state.ts'
import type { ResolverSettings } from './settings.ts'
import { isDoubtful, isResponsible, suspectedMembers, viewOf } from './view-of.ts'

/** The wall clock ran ahead of the monotonic one by this much: the machine slept. In milliseconds. */
const sleptMs = 2_000

/** Asked this often though there is nothing to decide, it notices that it stood still. In milliseconds. */
const pulseMs = 1_000

/** What `Cluster.explain().downing` holds where {@link splitBrainResolver} downs. Plain data. */
export interface SbrExplanation {
  readonly type: 'split-brain-resolution'
  readonly strategy: string
  readonly stableAfterMs: number
  /** This node is the one to decide on its side, when it was last asked. */
  readonly isResponsible: boolean
  /** Members over whom something is to be decided; nobody once the node has stopped. */
  readonly undecided: readonly NodeKey[]
  /** Until when it waits, in milliseconds from now; undefined while there is nothing to wait for. */
  readonly decidesInMs: number | undefined
  /** Undefined where the strategy needs no lease. */
  readonly lease: ResolverState['lease']['type'] | undefined
  /** What is going to become of them, in a sentence; undefined where nothing is left to this node's side. */
  readonly outlook: string | undefined
  /** The last decision of this node, if it made one. */
  readonly lastRuling:
    | {
        readonly cause: ResolverRuling['cause']
        readonly decision: ResolverRuling['decision']['type']
        readonly down: readonly NodeKey[]
        readonly reason: string
        readonly agoMs: number
      }
    | undefined
}

/** Tells what `Cluster.explain().downing` holds: `undefined`, or what another downing runtime tells, is none. */
export function isSbrExplanation(downing: object | undefined): downing is SbrExplanation {
  return downing !== undefined && 'type' in downing && downing.type === 'split-brain-resolution'
}

/** Split-brain resolution of one node: asks the core, keeps its lease, and tells of its rulings. */
export class SbrRuntime implements DowningRuntime {
  readonly #settings: ResolverSettings
  readonly #context: DowningContext
  readonly #onRuling: ((ruling: ResolverRuling) => void) | undefined
  readonly #lease: LeaseKeeper | undefined
  /** Sees to what a former life of the node holds, until this one is asked. */
  #former: SbrRuntime | undefined
  #state: ResolverState = initialResolverState
  #asked: { readonly view: DowningView; readonly wallNow: number } | undefined
  #view: SbrView | undefined
  #lastRuling: ResolverRuling | undefined
  #isStopped = false

  constructor(
    settings: ResolverSettings,
    context: DowningContext,
    onRuling?: (ruling: ResolverRuling) => void,
    former?: SbrRuntime,
  ) {
    this.#settings = settings
    this.#context = context
    this.#onRuling = onRuling
    const { lease } = settings.strategy
    this.#lease = lease && new LeaseKeeper(lease.lease, context)
    if (this.#lease?.isHeld === true) this.#former = former
    void this.#lease?.check()
  }

  /** Disposed of: its node has stopped. */
  get isStopped(): boolean {
    return this.#isStopped
  }

  decide(view: DowningView): DowningOutcome {
    this.#takeOver()
    const leaseAnswer = this.#lease?.takeAnswer()
    const [state, { actions, ruling, wakeAt }] = resolve(this.#settings, this.#state, {
      now: view.now,
      view: this.#viewOf(view),
      version: view.state.versionDigest,
      suspected: suspectedMembers(view),
      isResponsible: isResponsible(view),
      hasStalled: this.#hasStoodStill(view.now),
      isDoubtful: isDoubtful(view),
      isLeaseHeld: this.#lease?.isHeld ?? false,
      ...(leaseAnswer && { leaseAnswer }),
    })
    this.#state = state
    this.#asked = { view, wallNow: this.#context.clock.wallNow() }
    if (ruling) this.#lastRuling = ruling
    const down = actions.flatMap((action) => this.#perform(action))
    return { down, wakeAt: Math.min(wakeAt, view.now + pulseMs) }
  }

  #takeOver(): void {
    const former = this.#former
    if (!former) return
    this.#former = undefined
    former.#takeOver() // Of a life that was never asked.
    if (former.#lease) former.#lease.handOver()
  }

  /** Votes are counted once for all that differs only in who has seen it. */
  #viewOf(asked: DowningView): SbrView {
    const { state, viewpoint } = asked
    const last = this.#asked?.view
    const isSame =
      last?.state.records === state.records &&
      last.state.reachability === state.reachability &&
      last.viewpoint.dataCenter === viewpoint.dataCenter
    this.#view = isSame && this.#view ? { ...this.#view, seenBy: state.seen } : viewOf(asked)
    return this.#view
  }

  /**
   * For so long that others may have decided meanwhile. The monotonic clock may stand still while a
   * machine sleeps; the wall clock does not.
   */
  #hasStoodStill(now: number): boolean {
    if (!this.#asked) return false
    const { view, wallNow } = this.#asked
    const passedMs = now - view.now
    const hasSlept = this.#context.clock.wallNow() - wallNow - passedMs > sleptMs
    return hasSlept || passedMs > pulseMs + Math.max(pulseMs, this.#settings.stableAfterMs)
  }

  #perform(action: SbrAction): readonly NodeIdentity[] {
    switch (action.type) {
      case 'down':
        this.#tell(action.ruling)
        return action.nodes
      case 'acquire-lease':
        this.#tell(action.ruling)
        this.#lease?.ask(action.request)
        return []
      case 'release-lease':
        this.#lease?.release()
        return []
    }
  }

  #tell(ruling: ResolverRuling): void {
    const { strategy, cause, decision, down, reason } = ruling
    const details = { strategy, cause, decision: decision.type, down: down.map(({ key }) => key) }
    this.#context.logger.warn(details, reason)
    try {
      this.#onRuling?.(ruling)
    } catch (error) {
      this.#context.logger.error({ error }, 'onRuling threw')
    }
  }

  explain(): SbrExplanation {
    const { strategy, stableAfterMs } = this.#settings
    const now = this.#context.clock.now()
    const { wakeAt, lease } = this.#state
    const asked = this.#asked?.view
    const view = this.#isStopped ? undefined : this.#view
    const undecided = view ? undecidedMembers(view).map(({ key }) => key) : []
    const isWaiting = undecided.length > 0 && wakeAt !== Number.POSITIVE_INFINITY
    const decidesInMs = isWaiting ? Math.max(0, wakeAt - now) : undefined
    const last = this.#lastRuling
    return {
      type: 'split-brain-resolution',
      strategy: strategy.agreement,
      stableAfterMs,
      isResponsible: !this.#isStopped && asked !== undefined && isResponsible(asked),
      undecided,
      decidesInMs,
      lease: strategy.lease && lease.type,
      outlook: outlookOf(strategy, decidesInMs),
      lastRuling: last && {
        cause: last.cause,
        decision: last.decision.type,
        down: last.down.map(({ key }) => key),
        reason: last.reason,
        agoMs: now - last.at,
      },
    }
  }

  /**
   * A request for the lease is given up. What is held is kept for as long as if the node went on: the
   * other side must not get it sooner. A later life of the node, with the same resolver, sees to it else.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#lease?.retire(this.#keepsLeaseForMs())
  }

  #keepsLeaseForMs(): number {
    const { lease } = this.#state
    const isEndKnown = lease.type === 'held' && lease.releaseAt !== Number.POSITIVE_INFINITY
    if (!isEndKnown) return leaseOutlastsMs(this.#settings)
    return Math.max(0, lease.releaseAt - this.#context.clock.now())
  }
}

/** A strategy that downs nobody leaves it to people, so there is nothing to look forward to. */
function outlookOf({ name }: DowningStrategy, decidesInMs: number | undefined): string | undefined {
  if (decidesInMs === undefined || name === noDowningName) return undefined
  const when = `in about ${Math.ceil(decidesInMs / 1_000)} s if nothing changes`
  return `Split-brain resolution by ${name} decides who goes on, ${when}.`
}
