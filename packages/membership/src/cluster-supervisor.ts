import { systemClock } from '@casty/clock'
import { Cluster } from './cluster.ts'
import { MembershipError } from './errors.ts'
import type { LeaveOutcome } from './leave-outcome.ts'
import { configOfNextLife, survivorsOf } from './next-life.ts'
import { duration, durationOrForever, knownNames } from './option-values.ts'
import type { ClusterConfig } from './options.ts'

export interface SupervisorOptions {
  /**
   * Called with every life of the node as soon as it listens: the place to subscribe, to handle frames
   * and to offer services, for nothing of the life before is left. Where it throws or rejects, that
   * life is ended: the first one's `start` rejects, a later one is followed by another.
   */
  readonly onStart?: (cluster: Cluster) => void | Promise<void>
  /**
   * Pause before a new life, in milliseconds; doubled from one life to the next until one gets up.
   * @defaultValue 500
   */
  readonly minRestartMs?: number
  /** What that pause grows to, in milliseconds. @defaultValue 10_000 */
  readonly maxRestartMs?: number
  /**
   * How long a new life that is to form a cluster asks the others, before it does so although some gave
   * no clear answer, in milliseconds. Lower gets a cluster back of which every node was downed and a
   * machine is lost; it risks a second one beside those whom this node cannot reach.
   * @defaultValue Infinity
   */
  readonly formAfterMs?: number
}

/** What options left out get. Frozen. */
export const supervisorDefaults: Readonly<Required<Omit<SupervisorOptions, 'onStart'>>> =
  Object.freeze({
    minRestartMs: 500,
    maxRestartMs: 10_000,
    formAfterMs: Number.POSITIVE_INFINITY,
  })

type CheckedOptions = Required<SupervisorOptions>

/**
 * Keeps one node of a cluster running. When the cluster decides against it (it was downed, or its side of
 * a partition gave way), it is started anew at the same address, as a new incarnation that joins whoever
 * went on.
 *
 * It does not form a cluster of its own beside those who may live on: it asks the members that it last
 * knew, and forms one only where its seeds have it form one and all of them are known to be in none.
 */
export class ClusterSupervisor implements AsyncDisposable {
  readonly #config: ClusterConfig
  readonly #options: CheckedOptions
  #current: Cluster
  #subscription: Disposable | undefined
  #timer: Disposable | undefined
  #starting: Promise<void> | undefined
  #pauseMs: number
  #restarts = 0
  #ended = false

  private constructor(config: ClusterConfig, options: CheckedOptions, first: Cluster) {
    this.#config = config
    this.#options = options
    this.#current = first
    this.#pauseMs = options.minRestartMs
  }

  /**
   * Starts the first life. Rejects as `Cluster.start` does, with what `onStart` throws, and with
   * `CASTY_MEMBERSHIP_INVALID_OPTION` for a wrong option.
   */
  static async start(
    config: ClusterConfig,
    options: SupervisorOptions = {},
  ): Promise<ClusterSupervisor> {
    const checked = checkOptions(options)
    const first = await startLife(config, checked)
    const supervisor = new ClusterSupervisor(config, checked, first)
    supervisor.#follow(first)
    return supervisor
  }

  /** The present life; the last one while the next has not begun. */
  get current(): Cluster {
    return this.#current
  }

  /** How many lives came after the first. */
  get restarts(): number {
    return this.#restarts
  }

  /** Leaves the cluster in good order, as `Cluster.leave` does, and starts no other life. */
  async leave(): Promise<LeaveOutcome> {
    await this.#end()
    return await this.#current.leave()
  }

  /** Ends the present life at once and starts no other. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end()
    await this.#current.shutdown()
  }

  async #end(): Promise<void> {
    this.#ended = true
    this.#timer?.[Symbol.dispose]()
    this.#subscription?.[Symbol.dispose]()
    await this.#starting
  }

  #follow(life: Cluster): void {
    this.#current = life
    this.#subscription = life.subscribe((event) => {
      if (event.type === 'self-downed') this.#wasDowned(event.reason === 'forbidden')
      const isUp = event.type === 'member-up' && event.member.node.equals(life.self)
      if (isUp) this.#pauseMs = this.#options.minRestartMs
    })
  }

  /** Nobody lets in a later life of a node that was evicted. */
  #wasDowned(isForGood: boolean): void {
    if (!isForGood) {
      this.#startAnew()
      return
    }
    const details = { node: this.#current.self.key }
    this.#config.logger?.error(details, 'The node was evicted; it is not started anew')
  }

  #startAnew(): void {
    if (this.#ended) return
    const delayMs = this.#pauseMs
    this.#pauseMs = Math.min(delayMs * 2, this.#options.maxRestartMs)
    const details = { node: this.#current.self.key, delayMs }
    this.#config.logger?.warn(details, 'The cluster decided against this node; it starts anew')
    this.#timer = (this.#config.clock ?? systemClock).schedule(delayMs, () => {
      this.#starting = this.#startNext()
    })
  }

  /** Never rejects: what fails is tried again after a longer pause. */
  async #startNext(): Promise<void> {
    const { self } = this.#current
    try {
      await this.#current.shutdown() // Its port must be free.
      const survivors = survivorsOf(this.#current.getState(), self)
      const { formAfterMs } = this.#options
      const config = configOfNextLife(this.#config, self, survivors, formAfterMs)
      const next = await startLife(config, this.#options)
      this.#restarts++
      this.#follow(next)
    } catch (error) {
      this.#config.logger?.error({ error, node: self.key }, 'The node could not start anew')
      this.#startAnew()
    }
  }
}

async function startLife(config: ClusterConfig, { onStart }: CheckedOptions): Promise<Cluster> {
  const cluster = await Cluster.start(config)
  try {
    await onStart(cluster)
    return cluster
  } catch (error) {
    await cluster.shutdown()
    throw error
  }
}

function checkOptions(options: SupervisorOptions): CheckedOptions {
  knownNames('options', options, ['onStart', ...Object.keys(supervisorDefaults)])
  const { onStart = () => {}, ...pauses } = options
  const given = { ...supervisorDefaults, ...pauses }
  if (typeof onStart !== 'function') {
    throw MembershipError.invalidOption('onStart', onStart, 'a function that takes a Cluster')
  }
  return {
    onStart,
    minRestartMs: duration('minRestartMs', given.minRestartMs),
    maxRestartMs: duration('maxRestartMs', given.maxRestartMs),
    formAfterMs: durationOrForever('formAfterMs', given.formAfterMs),
  }
}
