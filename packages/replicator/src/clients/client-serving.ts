// Between clients that hold values and what serves them: their frames, and word to other members of who they are.
import type { Clock } from '@casty/clock'
import type { ClusterEndpoint, NodeIdentity } from '@casty/membership'
import type { AnyValue } from '../any-value.ts'
import type { Envelope } from '../core/envelope.ts'
import type { DropReason } from '../core/events.ts'
import type { ClientsOptions } from '../options.ts'
import { refusalOf } from '../wire/codec.ts'
import type { DecodeLimits } from '../wire/fields.ts'
import { clientFramesOf, clientReplicaFrameType } from './client-frames.ts'
import { decodeClientMessage, type ClientMessage } from './client-messages.ts'
import { Plausibility, type PlausibilityParts } from './plausibility.ts'
import { ValuesForClients, type ServingReplicator } from './values-for-clients.ts'

export interface ClientServingParts extends PlausibilityParts {
  readonly options: ClientsOptions
  readonly clientNameMs: number
  readonly endpoint: ClusterEndpoint
  readonly limits: DecodeLimits
  readonly clock: Clock
  readonly replicator: ServingReplicator
  /** Clients that are there changed values under these names. */
  readonly named: (names: readonly string[]) => void
  readonly dropped: (reason: DropReason) => void
  /** A frame was not taken by the endpoint. */
  readonly notSent: () => void
}

/** How often in `clientNameMs` other members are told under which names clients of this one changed values. */
const tellingsOfNames = 12

export class ClientServing implements Disposable {
  readonly #parts: ClientServingParts
  readonly #values: ValuesForClients
  readonly #subscription: Disposable
  #timer: Disposable

  constructor(parts: ClientServingParts) {
    this.#parts = parts
    const { options, replicator, clock, endpoint, dropped } = parts
    const { knownTypes } = parts.limits
    const send = (to: NodeIdentity, message: ClientMessage): void => this.#send(to, message)
    this.#values = new ValuesForClients({
      options,
      replicator,
      clock,
      knownTypes,
      plausibility: new Plausibility(parts),
      send,
      dropped,
    })
    this.#subscription = endpoint.handle(clientReplicaFrameType, (from, bytes, start, end) =>
      this.#received(from, bytes, start, end),
    )
    this.#timer = this.#schedule()
  }

  /** Something was joined into a value. */
  changed(key: string, change: Envelope<AnyValue>): void {
    this.#values.changed(key, change)
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
    this.#subscription[Symbol.dispose]()
    this.#values[Symbol.dispose]()
  }

  #schedule(): Disposable {
    const { clock, clientNameMs, named } = this.#parts
    return clock.schedule(clientNameMs / tellingsOfNames, () => {
      const { names } = this.#values
      if (names.length > 0) named(names)
      this.#timer = this.#schedule()
    })
  }

  #received(from: NodeIdentity, bytes: Uint8Array, start: number, end: number): void {
    const { limits, dropped } = this.#parts
    try {
      this.#values.received(from, decodeClientMessage(bytes, start, end, limits))
    } catch (error) {
      const reason = refusalOf(error)
      if (reason === undefined) throw error
      dropped(reason)
    }
  }

  #send(to: NodeIdentity, message: ClientMessage): void {
    const { endpoint, limits, notSent } = this.#parts
    for (const frame of clientFramesOf(message, limits.maxValueBytes)) {
      if (endpoint.send(to, 'data', clientReplicaFrameType, frame) === 'dropped') notSent()
    }
  }
}
