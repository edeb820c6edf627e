import type { AssociationRegistry } from './association-registry.ts'
import type { TransportError } from './errors.ts'
import type { NodeAddress } from './node-address.ts'
import type { NodeIdentity } from './node-identity.ts'

/**
 * Waits for a control lane to whoever lives at `address`. Whoever aborts gives up its own wait only:
 * the dial goes on while others want it.
 */
export async function connectionTo(
  address: NodeAddress,
  registry: AssociationRegistry,
  signal?: AbortSignal,
): Promise<NodeIdentity> {
  return await new Promise<NodeIdentity>((resolve, reject) => {
    const settled = (): void => signal?.removeEventListener('abort', aborted)
    const waiter = {
      connected(peer: NodeIdentity): void {
        settled()
        resolve(peer)
      },
      failed(error: TransportError): void {
        settled()
        reject(error)
      },
    }
    const aborted = (): void => {
      for (const association of registry.all()) association.giveUp(waiter)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', aborted, { once: true })
    registry.connect(address, waiter)
  })
}
