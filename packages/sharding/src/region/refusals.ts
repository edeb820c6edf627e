// Nodes where nobody listens, before anybody has found them unreachable. What is sent there is lost for certain; what waits here goes
// to the next home of its shard.
import type { Clock } from '@casty/clock'
import type { ClusterEndpoint } from '@casty/membership'
import type { EndpointEvent, NodeAddress } from '@casty/transport'

/** A refusal that nothing follows from is forgotten after so long, in milliseconds: then the node is tried again. */
const forgottenAfterMs = 2_000

export interface RefusalsPort {
  readonly clock: Clock
  readonly endpoint: Pick<ClusterEndpoint, 'subscribe'>
  /** Whether a member lives there that could be sent to, and no other connection shows that it is there still. */
  isInDoubt(address: NodeAddress): boolean
  /** Which nodes refuse has changed. */
  changed(): void
}

/** Mutable, and of one node. */
export class Refusals implements Disposable {
  readonly #port: RefusalsPort
  readonly #timers = new Map<string, Disposable>()
  readonly #subscription: Disposable

  constructor(port: RefusalsPort) {
    this.#port = port
    this.#subscription = port.endpoint.subscribe((event) => this.#connectionChanged(event))
  }

  has(address: NodeAddress): boolean {
    return this.#timers.size > 0 && this.#timers.has(address.toString())
  }

  #connectionChanged(event: EndpointEvent): void {
    if (event.type === 'lane-opened') this.#forget(event.peer.address)
    else if (event.type === 'dial-failed' && event.failure === 'refused') this.#add(event.address)
  }

  #add(address: NodeAddress): void {
    if (this.has(address) || !this.#port.isInDoubt(address)) return
    const timer = this.#port.clock.schedule(forgottenAfterMs, () => this.#forget(address))
    this.#timers.set(address.toString(), timer)
    this.#port.changed()
  }

  #forget(address: NodeAddress): void {
    const key = address.toString()
    const timer = this.#timers.get(key)
    if (!timer) return
    timer[Symbol.dispose]()
    this.#timers.delete(key)
    this.#port.changed()
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]()
    for (const timer of this.#timers.values()) timer[Symbol.dispose]()
    this.#timers.clear()
  }
}
