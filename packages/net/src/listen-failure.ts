import { TransportError, type NodeAddress } from '@casty/transport'
import { errorCode } from './dial-failure.ts'

/** Why an address could not be listened on, by the error of a server. */
export function listenFailure(address: NodeAddress, cause: unknown): TransportError {
  const code = errorCode(cause)
  if (code === 'EADDRINUSE') return TransportError.addressInUse(address, cause)
  const text = cause instanceof Error ? cause.message : String(cause)
  return TransportError.listenFailed(address, code || text, cause)
}
