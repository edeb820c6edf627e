import type { Clock } from '@casty/clock'
import type { DowningContext, Logger } from '@casty/membership'
import type { Lease } from '../lease.ts'
import type { LeaseAnswer } from './lease-phase.ts'

/** A request that has not been answered. */
interface Asking {
  giveUp(reason: string): void
}

/** Asks for the lease of one node, and never lets a grant that nobody waits for stand. */
export class LeaseKeeper {
  readonly #lease: Lease
  readonly #logger: Logger
  readonly #askAgain: () => void
  #asking: Asking | undefined
  #answer: LeaseAnswer | undefined
  readonly #clock: Clock
  #retirement: Disposable | undefined

  constructor(lease: Lease, { clock, logger, askAgain }: DowningContext) {
    this.#lease = lease
    this.#clock = clock
    this.#logger = logger
    this.#askAgain = askAgain
  }

  /**
   * Asks the store whether it answers, where the lease can: settings that are wrong show at the start, and
   * not in the first partition. To acquire it for that could take it from a side that needs it.
   */
  async check(): Promise<void> {
    const { name, owner } = this.#lease
    try {
      await this.#lease.check?.()
    } catch (error) {
      const told =
        'The lease cannot be asked for now; unless that changes, no side survives a partition'
      this.#logger.error({ error, lease: name, owner }, told)
    }
  }

  get isHeld(): boolean {
    return this.#lease.checkLease()
  }

  /** The answer that came since, once. */
  takeAnswer(): LeaseAnswer | undefined {
    const answer = this.#answer
    this.#answer = undefined
    return answer
  }

  ask(request: number): void {
    this.#asking?.giveUp('The lease is asked for anew')
    const abort = new AbortController()
    const asking: Asking = { giveUp: (reason) => abort.abort(new Error(reason)) }
    this.#asking = asking
    void this.#acquire(abort.signal).then((isGranted) => {
      if (this.#asking !== asking) return this.#giveBack(isGranted)
      this.#asking = undefined
      this.#answer = { request, isGranted }
      this.#askAgain()
    })
  }

  async #acquire(signal: AbortSignal): Promise<boolean> {
    try {
      return await this.#lease.acquire({ signal, onLost: (reason) => this.#lost(reason) })
    } catch (error) {
      if (!signal.aborted) {
        const { name, owner } = this.#lease
        this.#logger.error({ error, lease: name, owner }, 'The lease could not be asked for')
      }
      return false
    }
  }

  /** A grant that comes after it was given up; unless another request, which it serves as well, waits. */
  #giveBack(isGranted: boolean): void {
    if (isGranted && !this.#asking) this.release()
  }

  #lost(reason: Error): void {
    this.#retirement?.[Symbol.dispose]() // There is nothing left to give back.
    const { name, owner } = this.#lease
    const told = 'The lease is lost; what is undecided is decided as if it had been denied'
    this.#logger.error({ error: reason, lease: name, owner }, told)
    this.#askAgain()
  }

  /** Gives up what is held, or asked for. */
  release(): void {
    if (this.#asking) {
      const { name, owner } = this.#lease
      this.#logger.warn({ lease: name, owner }, 'The lease has not answered, and is not waited for')
    }
    this.stop()
    void this.#release()
  }

  async #release(): Promise<void> {
    const { name, owner } = this.#lease
    try {
      if (await this.#lease.release()) return
      this.#logger.warn({ lease: name, owner }, 'The lease was not given back, and has to run out')
    } catch (error) {
      this.#logger.error({ error, lease: name, owner }, 'The lease could not be given back')
    }
  }

  /** Gives up what is asked for; what is held is kept. */
  stop(): void {
    this.#asking?.giveUp('The lease is not wanted any more')
    this.#asking = undefined
    this.#answer = undefined
  }

  /**
   * The node has stopped: what it holds is given back after `keepMs`, for a lease renews itself as long
   * as its process lives, and no side would get it any more. Until then the losing side must not.
   */
  retire(keepMs: number): void {
    this.stop()
    if (!this.isHeld) return
    this.#retirement = this.#clock.schedule(keepMs, () => {
      if (this.isHeld) this.release()
    })
  }

  /** A later life of the node sees to what is held. */
  handOver(): void {
    this.#retirement?.[Symbol.dispose]()
  }
}
