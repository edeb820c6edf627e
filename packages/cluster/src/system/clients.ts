// What a node lets its clients do, in the words of this package.
import {
  ClientAccess,
  type ClientAccessOptions,
  type ClientAllowance,
  type Remoting,
} from '@casty/remote'
import type { ClientsOptions } from '@casty/replicator'
import { ClusterSystemError } from '../errors.ts'
import { knownNames, record } from '../option-values.ts'
import { singletonType } from './placement.ts'

/** What clients may use. What it does not name is not there for them. */
export interface ClientsAllowance extends ClientAllowance {
  /** Names of singletons. */
  readonly singletons?: readonly string[]
  /** Counters, maps, queues, locks and the rest, all of them. @defaultValue false */
  readonly structures?: boolean
}

/** Bounds for clients, and what they may use. */
export interface ClientsOfSystemOptions extends Omit<ClientAccessOptions, 'allow'> {
  /**
   * What clients may use: lists of names, of which one that ends with `*` stands for all that begin so. What is not named is not
   * there for them. @defaultValue everything
   */
  readonly allow?: ClientsAllowance
}

/** The types of the entities that keep shared structures, of whatever namespace. */
const structuresTypes = 'casty:ddata*'

const allowNames = [
  'services',
  'topics',
  'actors',
  'entities',
  'values',
  'singletons',
  'structures',
] as const satisfies (keyof ClientsAllowance)[]

/** @throws RemoteError, ClusterSystemError `…_INVALID_OPTION` */
export function clientAccessOf(
  clients: boolean | ClientsOfSystemOptions | undefined,
  remoting: Remoting,
): ClientAccess | undefined {
  if (clients === undefined || clients === false) return undefined
  if (clients === true) return new ClientAccess(remoting)
  const { allow, ...bounds } = clients
  return new ClientAccess(remoting, { ...bounds, ...(allow && { allow: inTypes(allow) }) })
}

/** Singletons and structures are entities too, and named as such below. */
function inTypes(allow: ClientsAllowance): ClientAllowance {
  record('clients.allow', allow)
  knownNames('clients.allow', allow, allowNames)
  const { singletons = [], structures = false, entities = [], ...others } = allow
  for (const [name, list] of Object.entries({ singletons, entities })) {
    if (Array.isArray(list)) continue
    throw ClusterSystemError.invalidOption(`clients.allow.${name}`, list, 'a list of names')
  }
  return {
    ...others,
    entities: [
      ...entities,
      ...singletons.map(singletonType),
      ...(structures ? [structuresTypes] : []),
    ],
  }
}

/** The same of values that converge. */
export function clientsOfValues(remoting: Remoting): ClientsOptions {
  const mayUse: ClientsOptions['mayRead'] = (key, client) => remoting.mayUse(client, 'values', key)
  return { isClient: (node) => remoting.isGuest(node), mayRead: mayUse, mayWrite: mayUse }
}
