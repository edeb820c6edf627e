// One node's resolver on virtual time, as the vectors' timelines tell of it: what happens between two
// ticks is noted at the next one, and where ticks come by themselves, before time goes on. Besides, the
// resolver is asked whenever it wants to be.
import type { Member, NodeKey } from '@casty/membership'
import {
  initialResolverState,
  resolve,
  type Lease,
  type Observation,
  type ResolverSettings,
  type ResolverState,
  type SbrAction,
  type SbrView,
} from '@casty/sbr'

export class SbrTimeline {
  readonly #settings: ResolverSettings
  readonly #self: NodeKey
  readonly #dataCenter: string
  readonly #tickIntervalMs: number
  readonly #members = new Map<NodeKey, Member>()
  readonly #unreachable = new Set<NodeKey>()
  #observations: readonly Observation[] = []
  #leader: NodeKey | undefined
  #now = 0
  #version = 0
  #nextTickAt: number
  #hasNews = false
  #state: ResolverState = initialResolverState
  #nextGrant = true
  #isLeaseHeld = false
  #downed: NodeKey[] = []

  constructor(
    settings: (lease: Lease) => ResolverSettings,
    self: NodeKey,
    dataCenter: string,
    tickIntervalMs: number | undefined,
  ) {
    this.#settings = settings(this.#lease())
    this.#self = self
    this.#dataCenter = dataCenter
    this.#tickIntervalMs = tickIntervalMs ?? Number.POSITIVE_INFINITY
    this.#nextTickAt = this.#tickIntervalMs
  }

  memberChanged(member: Member): void {
    this.#members.set(member.key, member)
    this.#changed()
  }

  memberRemoved(key: NodeKey): void {
    this.#members.delete(key)
    this.#unreachable.delete(key)
    this.#changed()
  }

  reachabilityChanged(key: NodeKey, isUnreachable: boolean): void {
    if (isUnreachable) this.#unreachable.add(key)
    else this.#unreachable.delete(key)
    this.#changed()
  }

  /** Each subject is reported unreachable, unless it is already. */
  observed(observations: readonly Observation[]): void {
    for (const { subject } of observations) this.#unreachable.add(subject)
    this.#observations = observations
    this.#changed()
  }

  leaderChanged(leader: NodeKey): void {
    this.#leader = leader
    this.#changed()
  }

  /** How the lease answers the next request. */
  leaseAnswers(isGranted: boolean): void {
    this.#nextGrant = isGranted
  }

  tick(): void {
    this.#ask()
  }

  advance(ms: number): void {
    if (this.#hasNews && this.#tickIntervalMs !== Number.POSITIVE_INFINITY) this.#ask()
    const until = this.#now + ms
    for (;;) {
      const next = Math.min(this.#nextTickAt, this.#state.wakeAt)
      if (next > until) break
      this.#now = next
      if (next === this.#nextTickAt) this.#nextTickAt += this.#tickIntervalMs
      this.#ask()
    }
    this.#now = until
  }

  /** Who was downed since this was last asked. */
  takeDowned(): readonly NodeKey[] {
    const downed = this.#downed
    this.#downed = []
    return downed
  }

  #changed(): void {
    this.#version += 1
    this.#hasNews = true
  }

  #ask(leaseAnswer?: { readonly request: number; readonly isGranted: boolean }): void {
    this.#hasNews = false
    const status = this.#members.get(this.#self)?.status
    const [state, { actions }] = resolve(this.#settings, this.#state, {
      now: this.#now,
      view: this.#view(),
      version: this.#version,
      suspected: new Set(this.#observations.map(({ subject }) => subject)),
      isResponsible: this.#leader === this.#self && (status === 'up' || status === 'weakly-up'),
      hasStalled: false,
      isDoubtful: false,
      isLeaseHeld: this.#isLeaseHeld,
      ...(leaseAnswer && { leaseAnswer }),
    })
    this.#state = state
    for (const action of actions) this.#perform(action)
  }

  /** Everybody has seen everything: timelines say nothing of it. */
  #view(): SbrView {
    return {
      self: this.#self,
      dataCenter: this.#dataCenter,
      members: [...this.#members.values()],
      observations: this.#observations,
      unreachable: new Set(this.#unreachable),
      seenBy: new Set(this.#members.keys()),
    }
  }

  #perform(action: SbrAction): void {
    switch (action.type) {
      case 'down':
        for (const { key } of action.nodes) this.#down(key)
        return
      case 'acquire-lease': {
        const isGranted = this.#nextGrant
        this.#isLeaseHeld = isGranted
        this.#ask({ request: action.request, isGranted })
        return
      }
      case 'release-lease':
        this.#isLeaseHeld = false
    }
  }

  #down(key: NodeKey): void {
    this.#downed.push(key)
    const member = this.#members.get(key)
    if (member) this.memberChanged(member.withStatus('down'))
  }

  /** What a strategy is made with; it is asked for by actions. */
  #lease(): Lease {
    const isHeld = (): boolean => this.#isLeaseHeld
    return {
      name: 'vectors',
      owner: 'vectors',
      fence: undefined,
      acquire: () => Promise.reject(new Error('a timeline answers by itself')),
      release: () => Promise.reject(new Error('a timeline answers by itself')),
      checkLease: isHeld,
    }
  }
}
