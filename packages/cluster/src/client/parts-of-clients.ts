// What a client is used for beside actors. These are functions and no methods, so that a bundler leaves out what a page does not use.
import { Distributed, type DistributedOptions } from '@casty/ddata'
import { ClientReplicator, type ClientReplicatorOptions } from '@casty/replicator'
import type { ClusteredClient } from './clustered-client.ts'

/** What a `ClientReplicator` is not given by the client that it is of. */
export type ClientValuesOptions = Omit<ClientReplicatorOptions, 'client' | 'clock' | 'onError'>

/** Each client has one, for as long as both are there. */
const replicators = new WeakMap<ClusteredClient, ClientReplicator>()

/**
 * Copies of values that converge on all members, held and changed by a client at once, also while no member is in reach. One for
 * each client, which begins when it is first asked for, and ends with the client. Members have such values where they call
 * `replicator()`.
 *
 * @param options - count where it begins
 * @throws ReplicatorError `CASTY_REPLICATOR_INVALID_OPTION`; `CASTY_REPLICATOR_STOPPED` where the client has ended
 * @example replicatorOf(client).local(online).value
 */
export function replicatorOf(
  client: ClusteredClient,
  options: ClientValuesOptions = {},
): ClientReplicator {
  return replicators.get(client) ?? begin(client, options)
}

function begin(client: ClusteredClient, options: ClientValuesOptions): ClientReplicator {
  const { actors } = client
  const replicator = ClientReplicator.attach({
    ...options,
    client: client.client,
    clock: actors.clock,
    onError: (error) => actors.logger?.error({ error }, 'A listener of replicated values threw'),
  })
  replicators.set(client, replicator)
  const end = (): void => replicator[Symbol.dispose]()
  actors.beforeShutdown('release', end, { name: 'let go of replicated values' })
  return replicator
}

/**
 * Counters, maps, sets, queues, locks, semaphores and barriers that all share: see `ClusteredActorSystem.distributed`.
 *
 * @throws DDataError `CASTY_DDATA_ARGUMENT`; `CASTY_DDATA_CLOSED` where the client has ended
 * @example await distributedOf(client).counter('visits').addAndGet(1)
 */
export function distributedOf(
  client: ClusteredClient,
  options: DistributedOptions = {},
): Distributed {
  return new Distributed({ system: client.actors, sharding: client.sharding }, options)
}
