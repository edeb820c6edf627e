// A secret as it is given to a system or client, as what both ends of a connection prove.
import { sharedSecret, type Secret, type Secrets } from '@casty/secret'
import type { Authentication } from '@casty/transport'
import { ClusterSystemError } from './errors.ts'

/** Of members: theirs alone, or theirs and that of clients. Of each kind the first one signs, all are accepted. */
export type ClusterSecret = Secret | readonly Secret[] | Secrets

interface Given {
  readonly secret?: ClusterSecret
  readonly authentication?: Authentication
}

/** @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION`; SecretError */
export function authenticationOf(
  { secret, authentication }: Given,
  kind: keyof Secrets,
): Authentication | undefined {
  if (secret === undefined) return authentication
  if (isAuthentication(secret)) {
    const allowed =
      'a secret as text or bytes; hand what sharedSecret() returns over as authentication'
    throw ClusterSystemError.invalidOption('secret', secret, allowed)
  }
  if (authentication !== undefined) {
    const allowed = 'left out where there is authentication, which has its own'
    throw ClusterSystemError.invalidOption('secret', {}, allowed)
  }
  const isOfKinds = isRecord(secret)
  const names = isOfKinds
    ? { member: 'secret.member', client: 'secret.client' }
    : { member: 'secret', client: 'secret' }
  return sharedSecret(isOfKinds ? secret : { [kind]: secret }, { names })
}

/** Something else than its type says, of a user who has none. */
function isAuthentication(secret: unknown): boolean {
  return typeof secret === 'object' && secret !== null && 'begin' in secret
}

function isRecord(secret: ClusterSecret): secret is Secrets {
  if (typeof secret !== 'object' || secret === null) return false
  return !Array.isArray(secret) && !(secret instanceof Uint8Array)
}
