import { EventStream, type ActorSystem, type SystemEvent } from '@casty/actor'
import type { Cluster, ClusterEvent } from '@casty/membership'
import type { RemoteEvent, Remoting } from '@casty/remote'

/** What a clustered system tells: of its actors, of the cluster, and of what is between the nodes. */
export type ClusteredSystemEvent =
  | SystemEvent
  | Exclude<ClusterEvent, { readonly type: 'current-state' }>
  | RemoteEvent

export interface EventSources {
  readonly system: ActorSystem
  readonly cluster: Cluster
  readonly remoting: Remoting
}

type Stream = EventStream<ClusteredSystemEvent>

/** Events of three layers in one stream. While nobody listens, none are made of actors that start and stop. */
export class SystemEvents {
  readonly #sources: EventSources
  readonly #stream: Stream
  #isFed = false

  constructor(sources: EventSources) {
    this.#sources = sources
    const { logger } = sources.system
    this.#stream = new EventStream({
      onError: (error) => logger?.error({ error }, 'A listener threw'),
    })
  }

  get stream(): Pick<Stream, 'subscribe'> {
    this.#feed()
    return this.#stream
  }

  /** Until the end of the system, which its sources do not outlive. */
  #feed(): void {
    if (this.#isFed) return
    this.#isFed = true
    const { system, cluster, remoting } = this.#sources
    system.subscribe((event) => this.#stream.publish(event))
    remoting.subscribe((event) => this.#stream.publish(event))
    cluster.subscribe((event) => {
      if (event.type !== 'current-state') this.#stream.publish(event)
    })
  }
}
