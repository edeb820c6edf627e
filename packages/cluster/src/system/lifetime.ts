// The end of a system: by its user, by a signal of the process, or because the cluster decided against the node.
import type { ClusterConfig, MembershipErrorCode } from '@casty/membership'
import { clusterDefaults, MembershipError } from '@casty/membership'
import { endpointLimitDefaults } from '@casty/transport'
import { ClusterSystemError } from '../errors.ts'
import type { Node } from './node.ts'
import { onSignals } from './shutdown-signals.ts'

/**
 * How a system ended: by somebody's wish, or because the cluster decided against its node; for good, where that was
 * `forbidden`: started again, nobody lets it in.
 */
export type Termination = 'shut-down' | 'downed' | 'forbidden'

/** Of the errors of membership, those by which the cluster decided against a node. */
const verdicts: ReadonlySet<string> = new Set<MembershipErrorCode>([
  'CASTY_MEMBERSHIP_DOWNED',
  'CASTY_MEMBERSHIP_FORBIDDEN',
])

/** What the node and its peers need besides all the times that are waited for, in milliseconds. */
const slackMs = 1_000

export class Lifetime {
  readonly #node: Node
  readonly #ended = new AbortController()
  #terminate: (how: Termination) => void = () => {}
  readonly terminated: Promise<Termination> = new Promise((resolve) => {
    this.#terminate = resolve
  })
  #phase: 'running' | 'ending' | 'over' = 'running'
  /** What the cluster decided against this node, if it did. */
  #verdict: 'downed' | 'forbidden' | undefined
  #signals: Disposable | undefined

  constructor(node: Node, { exitTimeoutMs, leaveTimeoutMs, limits }: ClusterConfig) {
    this.#node = node
    const lingerMs = limits?.lingerMs ?? endpointLimitDefaults.lingerMs
    const { exitTimeoutMs: exitMs, leaveTimeoutMs: leaveMs } = clusterDefaults
    node.system.beforeShutdown('leave', async () => await this.#leave(), {
      name: 'leave the cluster',
      timeoutMs: (exitTimeoutMs ?? exitMs) + 2 * (leaveTimeoutMs ?? leaveMs) + lingerMs + slackMs,
    })
    node.system.beforeShutdown('release', async () => await node[Symbol.asyncDispose](), {
      name: 'close the node',
    })
    node.cluster.subscribe((event) => {
      if (event.type === 'self-downed') {
        this.#downed(event.reason === 'forbidden' ? 'forbidden' : 'downed')
      }
      // Somebody stopped the layer below: what stands on it ends as well.
      if (event.type === 'cluster-shutting-down' && this.#phase === 'running') this.#endByItself()
    })
  }

  /** Aborted when it is about to end: for whatever waits. Its reason is a ClusterSystemError. */
  get signal(): AbortSignal {
    return this.#ended.signal
  }

  get summary(): string {
    if (this.#verdict) return 'The cluster decided against this node, and its actors were stopped.'
    if (this.#phase === 'running') return ''
    return this.#phase === 'over' ? 'The system was shut down.' : 'The system shuts down.'
  }

  /** Somebody has told it to end, or its cluster did. */
  get isEnding(): boolean {
    return this.#phase !== 'running'
  }

  /** For what begins something. @throws ClusterSystemError `CASTY_CLUSTER_STOPPED`, `…_DOWNED`, `…_FORBIDDEN` */
  assertRunning(what: string): void {
    if (this.#phase !== 'running') throw this.#error(what)
  }

  /** For what those who are about to end may need still. @throws as `assertRunning` */
  assertUsable(what: string): void {
    if (this.#phase === 'over' || this.#verdict) throw this.#error(what)
  }

  #error(what: string): ClusterSystemError {
    const { key } = this.#node.cluster.self
    switch (this.#verdict) {
      case 'downed':
        return ClusterSystemError.downed(key)
      case 'forbidden':
        return ClusterSystemError.forbidden(key)
      case undefined:
        return ClusterSystemError.stopped(key, what)
    }
  }

  endOn(signals: readonly NodeJS.Signals[]): void {
    this.#signals = onSignals(signals, async () => await this.shutdown())
  }

  /** Rejects as `ActorSystem.shutdown`. */
  async shutdown(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#begin()
    await this.#node.system.shutdown(options)
  }

  #begin(): void {
    if (this.#phase !== 'running') return
    this.#phase = 'ending'
    this.#ended.abort(this.#error('wait'))
    const over = (): void => {
      this.#phase = 'over'
      this.#signals?.[Symbol.dispose]()
      this.#terminate(this.#verdict ?? 'shut-down')
    }
    this.#node.system.shutdown().then(over, over) // Who asked for it is told what went wrong.
  }

  #downed(verdict: 'downed' | 'forbidden'): void {
    this.#verdict = verdict
    const { system, cluster } = this.#node
    const details = { node: cluster.self.key, verdict }
    system.logger?.error(details, 'The cluster decided against this node: its actors are stopped')
    this.#endByItself()
  }

  #endByItself(): void {
    const { system } = this.#node
    this.#begin()
    system.shutdown().catch((error: unknown) => {
      system.logger?.error({ error }, 'The system has not ended in good order')
    })
  }

  async #leave(): Promise<void> {
    if (this.#verdict) return
    try {
      await this.#node.cluster.leave()
    } catch (error) {
      // That the cluster decided against it meanwhile is told elsewhere.
      if (!(error instanceof MembershipError) || !verdicts.has(error.code)) throw error
    }
  }
}
