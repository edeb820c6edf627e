import type { FailureDetector } from './failure-detector.ts'
import { wholeFrom } from './options.ts'
import { PhiAccrualDetector, type PhiAccrualOptions } from './phi-accrual-detector.ts'

export interface DetectorRegistryOptions {
  /**
   * How many peers are tracked at most. Heartbeats of further ones are dropped and counted: a
   * registry that is fed by strangers must not grow with them. @defaultValue 10_000
   */
  readonly maxPeers?: number
}

export const registryDefaults: Required<DetectorRegistryOptions> = { maxPeers: 10_000 }

/**
 * A detector per peer, made when its first heartbeat arrives. A peer never heard of is available:
 * whoever expects it must say so by a first heartbeat, or use a `HeartbeatMonitor`.
 */
export class DetectorRegistry<K = string, D extends FailureDetector = FailureDetector> {
  readonly #createDetector: () => D
  readonly #maxPeers: number
  readonly #detectors = new Map<K, D>()
  #droppedHeartbeats = 0

  /** @throws FailureDetectorError `CASTY_FAILURE_DETECTOR_INVALID_OPTION` */
  constructor(createDetector: () => D, options: DetectorRegistryOptions = {}) {
    this.#createDetector = createDetector
    this.#maxPeers = wholeFrom('maxPeers', 1, options.maxPeers ?? registryDefaults.maxPeers)
  }

  /** False when the peer is not tracked because there are `maxPeers` already. */
  heartbeat(peer: K, now: number): boolean {
    const detector = this.#detectors.get(peer) ?? this.#admit(peer)
    detector?.heartbeat(now)
    return detector !== undefined
  }

  /** Another sign of life of a peer that is tracked. */
  touch(peer: K, now: number): void {
    this.#detectors.get(peer)?.touch(now)
  }

  isAvailable(peer: K, now: number): boolean {
    return this.#detectors.get(peer)?.isAvailable(now) ?? true
  }

  isMonitoring(peer: K): boolean {
    return this.#detectors.get(peer)?.isMonitoring ?? false
  }

  /** 0 for a peer that is not tracked. */
  suspicion(peer: K, now: number): number {
    return this.#detectors.get(peer)?.suspicion(now) ?? 0
  }

  /** Credits an own stall to every peer. */
  credit(gapMs: number, now: number): void {
    for (const detector of this.#detectors.values()) detector.credit(gapMs, now)
  }

  /** Forgets a peer; its next heartbeat starts anew. */
  remove(peer: K): void {
    this.#detectors.delete(peer)
  }

  get trackedPeers(): ReadonlySet<K> {
    return new Set(this.#detectors.keys())
  }

  /** Heartbeats that were not counted because `maxPeers` were tracked already. */
  get droppedHeartbeats(): number {
    return this.#droppedHeartbeats
  }

  #admit(peer: K): D | undefined {
    if (this.#detectors.size >= this.#maxPeers) {
      this.#droppedHeartbeats += 1
      return undefined
    }
    const detector = this.#createDetector()
    this.#detectors.set(peer, detector)
    return detector
  }
}

/**
 * The φ accrual detector for many nodes, by node.
 *
 * @example
 * const detector = new PhiAccrualFailureDetector()
 * detector.heartbeat('a:1', 0)
 * detector.phi('a:1', 20_000) > 8 // => true
 */
export class PhiAccrualFailureDetector<K = string> {
  readonly #registry: DetectorRegistry<K, PhiAccrualDetector>

  /** @throws FailureDetectorError `CASTY_FAILURE_DETECTOR_INVALID_OPTION` */
  constructor(options: PhiAccrualOptions & DetectorRegistryOptions = {}) {
    const createDetector = (): PhiAccrualDetector => new PhiAccrualDetector(options)
    createDetector() // Finds a wrong option at the door, not when the first heartbeat arrives.
    this.#registry = new DetectorRegistry<K, PhiAccrualDetector>(createDetector, options)
  }

  /** False when the node is not tracked because there are `maxPeers` already. */
  heartbeat(node: K, now: number): boolean {
    return this.#registry.heartbeat(node, now)
  }

  /** 0 for a node never heard of. */
  phi(node: K, now: number): number {
    return this.#registry.suspicion(node, now)
  }

  /** True for a node never heard of. */
  isAvailable(node: K, now: number): boolean {
    return this.#registry.isAvailable(node, now)
  }

  isMonitoring(node: K): boolean {
    return this.#registry.isMonitoring(node)
  }

  remove(node: K): void {
    this.#registry.remove(node)
  }

  get trackedNodes(): ReadonlySet<K> {
    return this.#registry.trackedPeers
  }

  /** Heartbeats that were not counted because `maxPeers` were tracked already. */
  get droppedHeartbeats(): number {
    return this.#registry.droppedHeartbeats
  }
}
