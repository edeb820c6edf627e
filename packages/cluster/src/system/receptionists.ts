// Where actors find the receptionist of their system, which knows nothing of clusters.
import type { ActorSystem } from '@casty/actor'
import type { Receptionist } from '@casty/remote'
import { ClusterSystemError } from '../errors.ts'

/** A note on the system itself: it is gone with it. */
const receptionists = new WeakMap<ActorSystem, Receptionist>()

export function hasReceptionist(system: ActorSystem, receptionist: Receptionist): void {
  receptionists.set(system, receptionist)
}

/**
 * @param what - what asks for it, as in `discoverable()`
 * @throws ClusterSystemError `CASTY_CLUSTER_NOT_CLUSTERED`
 */
export function receptionistOf(system: ActorSystem, what: string, path: string): Receptionist {
  const receptionist = receptionists.get(system)
  if (receptionist) return receptionist
  throw ClusterSystemError.notClustered(what, path)
}
