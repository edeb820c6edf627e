import type { AssociationRegistry } from './association-registry.ts'
import type { NamedBy } from './endpoint-types.ts'
import { TransportError } from './errors.ts'
import type { NodeAddress } from './node-address.ts'
import type { NodeIdentity } from './node-identity.ts'

export interface ConnectOptions {
  readonly signal?: AbortSignal
  /** Whose word the address is: see the option `mayDial` of endpoints. @defaultValue 'us' */
  readonly namedBy?: NamedBy
}

/**
 * Waits for a control lane to whoever lives at `address`. Whoever aborts gives up its own wait only:
 * the dial goes on while others want it.
 */
export async function connectionTo(
  address: NodeAddress,
  registry: AssociationRegistry,
  { signal, namedBy = 'us' }: ConnectOptions,
): Promise<NodeIdentity> {
  return await new Promise<NodeIdentity>((resolve, reject) => {
    const settled = (): void => signal?.removeEventListener('abort', aborted)
    let sentTo: NodeIdentity | undefined
    const waiter = {
      get namedBy(): NamedBy {
        return sentTo === undefined ? namedBy : 'others'
      },
      sentTo(peer: NodeIdentity): void {
        sentTo = peer
      },
      connected(peer: NodeIdentity): void {
        settled()
        resolve(peer)
      },
      failed(error: TransportError): void {
        settled()
        if (sentTo === undefined || error.failure === undefined) reject(error)
        else reject(TransportError.notFoundThere(address, sentTo, error))
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
