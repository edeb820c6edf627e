// The end of a system: by its user, by a signal of the process, or because the cluster decided against the node.
import type { ClusterConfig } from '@casty/membership'
import { clusterDefaults, MembershipError } from '@casty/membership'
import { endpointLimitDefaults } from '@casty/transport'
import { ClusterSystemError } from '../errors.ts'
import type { Node } from './node.ts'
import { onSignals } from './shutdown-signals.ts'

/** How a system ended: by somebody's wish, or because the cluster decided against its node. */
export type Termination = 'shut-down' | 'downed'

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
  #isDowned = false
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
      if (event.type === 'self-downed') this.#downed()
      // Somebody stopped the layer below: what stands on it ends as well.
      if (event.type === 'cluster-shutting-down' && this.#phase === 'running') this.#endByItself()
    })
  }

  /** Aborted when it is about to end: for whatever waits. Its reason is a ClusterSystemError. */
  get signal(): AbortSignal {
    return this.#ended.signal
  }

  get summary(): string {
    if (this.#isDowned) return 'The cluster decided against this node, and its actors were stopped.'
    if (this.#phase === 'running') return ''
    return this.#phase === 'over' ? 'The system was shut down.' : 'The system shuts down.'
  }

  /** Somebody has told it to end, or its cluster did. */
  get isEnding(): boolean {
    return this.#phase !== 'running'
  }

  /** For what begins something. @throws ClusterSystemError `CASTY_CLUSTER_STOPPED`, `CASTY_CLUSTER_DOWNED` */
  assertRunning(what: string): void {
    if (this.#phase !== 'running') throw this.#error(what)
  }

  /** For what those who are about to end may need still. @throws as `assertRunning` */
  assertUsable(what: string): void {
    if (this.#phase === 'over' || this.#isDowned) throw this.#error(what)
  }

  #error(what: string): ClusterSystemError {
    const { key } = this.#node.cluster.self
    return this.#isDowned ? ClusterSystemError.downed(key) : ClusterSystemError.stopped(key, what)
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
      this.#terminate(this.#isDowned ? 'downed' : 'shut-down')
    }
    this.#node.system.shutdown().then(over, over) // Who asked for it is told what went wrong.
  }

  #downed(): void {
    this.#isDowned = true
    const { system, cluster } = this.#node
    const details = { node: cluster.self.key }
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
    if (this.#isDowned) return
    try {
      await this.#node.cluster.leave()
    } catch (error) {
      const isDowned = error instanceof MembershipError && error.code === 'CASTY_MEMBERSHIP_DOWNED'
      if (!isDowned) throw error // That it was downed meanwhile is told elsewhere.
    }
  }
}
