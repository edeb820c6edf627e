// The clock of one process: it runs a little too fast or too slow, its wall clock is wrong and jumps,
// and it stands still when the process or its machine does.
import type { Clock } from '@casty/clock'

/** How wrong a clock is. */
export interface ClockSkew {
  /** Local milliseconds per millisecond of the world. @defaultValue 1 */
  readonly rate?: number
  /** How far the wall clock is off, in milliseconds. @defaultValue 0 */
  readonly wallOffsetMs?: number
}

interface NodeTimer {
  /** On the local monotonic scale. */
  readonly dueAt: number
  readonly order: number
  readonly callback: () => void
  world: Disposable | undefined
}

/** Apart enough for the world to run them one after the other, too close for anybody to notice. */
const betweenLateTimersMs = 1e-6

/** What a process takes for the time; from outside it is stopped, blocked, set and killed. */
export class NodeClock implements Clock {
  readonly #world: Clock
  readonly #rate: number
  readonly #startedAt: number
  readonly #timers = new Set<NodeTimer>()
  #wallOffsetMs: number
  #order = 0
  /** Local time that the machine slept through: the monotonic clock of Linux leaves it out. */
  #sleptMs = 0
  #sleepsSince: number | undefined
  /** By the world. */
  #wokeAt = Number.NEGATIVE_INFINITY
  /** It is at least this late: a timer was due then, or a blocked loop has taken it ahead of the world. */
  #atLeast = Number.NEGATIVE_INFINITY
  #isFrozen = false
  #isDead = false
  #isWatched = false
  #block: { readsLeft: number; readonly forMs: number; readonly begun: () => void } | undefined

  constructor(world: Clock, { rate = 1, wallOffsetMs = 0 }: ClockSkew = {}) {
    this.#world = world
    this.#rate = rate
    this.#startedAt = world.now()
    this.#wallOffsetMs = wallOffsetMs
  }

  now(): number {
    this.#countRead()
    return this.#localNow()
  }

  wallNow(): number {
    const drift = (this.#rate - 1) * (this.#world.now() - this.#startedAt)
    const aheadMs = Math.max(0, this.#atLeast - this.#ticked())
    return this.#world.wallNow() + drift + this.#wallOffsetMs + aheadMs
  }

  schedule(delayMs: number, callback: () => void): Disposable {
    const dueAt = this.#localNow() + Math.max(0, delayMs)
    const timer: NodeTimer = { dueAt, order: this.#order++, callback, world: undefined }
    if (!this.#isDead) {
      this.#timers.add(timer)
      if (!this.#isFrozen) this.#arm(timer, this.#waitMs(timer))
    }
    return { [Symbol.dispose]: () => this.#remove(timer) }
  }

  /**
   * How long it takes the world to come to where this clock is already, in milliseconds of the world: what a process
   * does that is blocked in the midst of a callback, it does so much later than it seems.
   */
  get aheadMs(): number {
    return Math.max(0, this.#atLeast - this.#ticked()) / this.#rate
  }

  /** Whether its machine sleeps, or did within so many milliseconds: by this clock it may not know yet. */
  hasSlept(withinMs: number): boolean {
    return this.#sleepsSince !== undefined || this.#world.now() - this.#wokeAt < withinMs
  }

  /** Has `look` read the time from outside of the process: that sets off no block. */
  peek<T>(look: () => T): T {
    const wasWatched = this.#isWatched
    this.#isWatched = true
    try {
      return look()
    } finally {
      this.#isWatched = wasWatched
    }
  }

  /** How many timers wait, those of a process that stands still included. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /** The wall clock is set, by hand or by a time service. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs
  }

  /**
   * The loop will be blocked for `forMs` from a read of the time on that happens soon: in the middle
   * of whatever callback that is. `begun` is called when it is.
   */
  blockSoon(reads: number, forMs: number, begun: () => void): void {
    this.#block = { readsLeft: reads, forMs, begun }
  }

  /** Whether a block was asked for that has not begun. */
  get isBlockPending(): boolean {
    return this.#block !== undefined
  }

  /** Blocks now, wherever the process is. */
  blockNow(): void {
    const block = this.#block
    if (block === undefined) return
    this.#block = undefined
    this.#atLeast = this.#localNow() + block.forMs * this.#rate
    block.begun()
  }

  /** The process stands still: no timer runs. `asleep`: its machine does, and its monotonic clock. */
  freeze({ asleep = false }: { readonly asleep?: boolean } = {}): void {
    if (asleep && this.#sleepsSince === undefined) this.#sleepsSince = this.#world.now()
    this.#isFrozen = true
    for (const timer of this.#timers) this.#disarm(timer)
  }

  /** It goes on. What fell due meanwhile runs after `afterMs`, in the order in which it fell due. */
  thaw(afterMs = 0): void {
    if (this.#sleepsSince !== undefined) {
      this.#sleptMs += (this.#world.now() - this.#sleepsSince) * this.#rate
      this.#sleepsSince = undefined
      this.#wokeAt = this.#world.now()
    }
    this.#isFrozen = false
    // Where two standstills overlapped it may be ahead of the world. It stays so, or its timers would be early.
    this.#sleptMs -= Math.max(0, this.#atLeast - this.#ticked())
    const inOrder = [...this.#timers].toSorted(
      (left, right) => left.dueAt - right.dueAt || left.order - right.order,
    )
    inOrder.forEach((timer, index) => {
      this.#arm(timer, Math.max(this.#waitMs(timer), afterMs + index * betweenLateTimersMs))
    })
  }

  /** The process is gone: nothing of it runs any more. */
  kill(): void {
    this.#isDead = true
    this.#block = undefined
    for (const timer of this.#timers) this.#disarm(timer)
    this.#timers.clear()
  }

  #localNow(): number {
    return Math.max(this.#ticked(), this.#atLeast)
  }

  /** What a clock shows that nothing ever kept from ticking along with the world's. */
  #ticked(): number {
    const world = this.#sleepsSince ?? this.#world.now()
    return (world - this.#startedAt) * this.#rate - this.#sleptMs
  }

  #waitMs(timer: NodeTimer): number {
    return Math.max(0, (timer.dueAt - this.#localNow()) / this.#rate)
  }

  #arm(timer: NodeTimer, waitMs: number): void {
    timer.world = this.#world.schedule(waitMs, () => {
      this.#timers.delete(timer)
      this.#atLeast = Math.max(this.#atLeast, timer.dueAt) // Rounding must not make it early.
      timer.callback()
    })
  }

  #disarm(timer: NodeTimer): void {
    timer.world?.[Symbol.dispose]()
    timer.world = undefined
  }

  #remove(timer: NodeTimer): void {
    if (this.#timers.delete(timer)) this.#disarm(timer)
  }

  #countRead(): void {
    if (this.#block === undefined || this.#isFrozen || this.#isWatched) return
    this.#block.readsLeft -= 1
    if (this.#block.readsLeft <= 0) this.blockNow()
  }
}
