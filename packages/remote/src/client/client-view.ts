// The cluster as a client sees it, in the place where members have their `Cluster`.
import { EventStream } from '@casty/actor'
import {
  ClusterEndpoint,
  ClusterState,
  eventsBetween,
  type ClusterEvent,
  type TopologySnapshot,
} from '@casty/membership'
import type { Endpoint, NodeIdentity } from '@casty/transport'
import type { ClusterView } from '../cluster-view.ts'

type TopologyChanged = { readonly type: 'topology'; readonly snapshot: TopologySnapshot }

export class ClientView implements ClusterView {
  readonly endpoint: ClusterEndpoint
  readonly #events: EventStream<ClusterEvent>
  readonly #topologies: EventStream<TopologyChanged>
  #state: ClusterState = ClusterState.empty

  constructor(endpoint: Endpoint, onError: (error: unknown) => void) {
    this.endpoint = new ClusterEndpoint(endpoint)
    this.#events = new EventStream({ onError })
    this.#topologies = new EventStream({ onError })
  }

  get self(): NodeIdentity {
    return this.endpoint.self
  }

  getState(): ClusterState {
    return this.#state
  }

  subscribe(listener: (event: ClusterEvent) => void): Disposable {
    const subscription = this.#events.subscribe(listener)
    listener({ type: 'current-state', state: this.#state })
    return subscription
  }

  subscribeTopology(listener: (snapshot: TopologySnapshot) => void): Disposable {
    const subscription = this.#topologies.subscribe(({ snapshot }) => listener(snapshot))
    listener(snapshotOf(this.#state))
    return subscription
  }

  /** More is known. */
  become(state: ClusterState): void {
    const before = this.#state
    if (state === before) return
    this.#state = state
    for (const event of eventsBetween(before, state, {})) this.#events.publish(event)
    if (sameTopology(before, state)) return
    this.#topologies.publish({ type: 'topology', snapshot: snapshotOf(state) })
  }
}

function sameTopology(before: ClusterState, after: ClusterState): boolean {
  return (
    before.records === after.records &&
    before.reachability === after.reachability &&
    before.registry === after.registry
  )
}

function snapshotOf(state: ClusterState): TopologySnapshot {
  return {
    members: state.members,
    leader: state.leader,
    shardAllocations: state.shardAllocations,
    allocationEpoch: state.allocationEpoch,
    unreachable: state.unreachable,
    // Few ask for it, and it takes sorting all of them.
    get registry() {
      return state.services
    },
  }
}
