// Holds clients to what they may use, on one member.
import type { RegistryRow } from '@casty/membership'
import type { NodeIdentity } from '@casty/transport'
import type { GuestLimits } from '../guest-limits.ts'
import { servicePrefix } from '../receptionist/listings.ts'
import type { Remoting } from '../remoting.ts'
import { topicPrefix } from '../topics/distant-relays.ts'
import { pathInText } from '../ref-text.ts'
import type { Place } from '../wire-refs.ts'
import type { ClientRights, ClientUsable } from './client-rights.ts'

type Services = RegistryRow['services']

export class LimitsOfClients implements GuestLimits {
  readonly #remoting: Remoting
  readonly #rights: ClientRights
  #denied = 0
  /** What nodes offer, by the paths of actors: made once for each change of it. */
  readonly #offered = new WeakMap<Services, ReadonlyMap<string, readonly string[]>>()

  constructor(remoting: Remoting, rights: ClientRights) {
    this.#remoting = remoting
    this.#rights = rights
  }

  /** So often something was not allowed. */
  get denied(): number {
    return this.#denied
  }

  /** An actor that is offered under some name is judged by that; others by whether the client was ever sent a ref. */
  mayTell(
    from: NodeIdentity,
    { uid, path }: { readonly uid: number; readonly path: string },
  ): boolean {
    const { self } = this.#remoting.cluster
    return this.mayName(from, { node: self, uid, path })
  }

  /** Also for another member: this one would tell it in the place of the client. Its own actors a client knows itself. */
  mayName(from: NodeIdentity, { node, uid, path }: Place): boolean {
    if (node.equals(from) || !this.#isLimited(from) || this.#isLimited(node)) return true
    const keys = this.#keysOf(node, path)
    if (keys.length > 0) return this.#counted(keys.some((key) => this.#mayUseKey(key)))
    return this.#counted(uid !== 0 || this.#rights.allows('actors', path.slice(1)))
  }

  mayUse(from: NodeIdentity, kind: ClientUsable, name: string): boolean {
    return !this.#isLimited(from) || this.#counted(this.#rights.allows(kind, name))
  }

  #counted(isAllowed: boolean): boolean {
    if (!isAllowed) this.#denied++
    return isAllowed
  }

  /** Also a client that was not let in, or has not said that it is there. */
  #isLimited(node: NodeIdentity): boolean {
    const { cluster } = this.#remoting
    return this.#remoting.isGuest(node) || cluster.endpoint.trustOf(node) === 'client'
  }

  #mayUseKey(key: string): boolean {
    if (key.startsWith(servicePrefix)) {
      return this.#rights.allows('services', key.slice(servicePrefix.length))
    }
    return (
      key.startsWith(topicPrefix) && this.#rights.allows('topics', key.slice(topicPrefix.length))
    )
  }

  #keysOf(node: NodeIdentity, path: string): readonly string[] {
    const services = this.#remoting.cluster.getState().registry.rows.get(node.key)?.services
    if (services === undefined) return []
    const known = this.#offered.get(services) ?? byPath(services)
    this.#offered.set(services, known)
    return known.get(path) ?? []
  }
}

function byPath(services: Services): ReadonlyMap<string, readonly string[]> {
  const byPath = new Map<string, string[]>()
  for (const { key, path: text } of services) {
    const path = pathInText(text)
    if (path === undefined) continue
    const keys = byPath.get(path) ?? []
    byPath.set(path, keys)
    keys.push(key)
  }
  return byPath
}
