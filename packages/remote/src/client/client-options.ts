import type { ActorSystem } from '@casty/actor'
import type { Random } from '@casty/clock'
import {
  NodeAddress,
  type Authentication,
  type EndpointLimits,
  type Transport,
} from '@casty/transport'
import { RemoteError } from '../errors.ts'
import type { RemotingLimits } from '../options.ts'
import type { Serializer } from '../serializer.ts'
import type { MapAddress } from './client-transport.ts'

/** Members to ask first, as `host:port`; or what finds them, asked again whenever there is no contact. */
export type ContactPoints =
  | readonly (string | NodeAddress)[]
  | (() => readonly (string | NodeAddress)[] | Promise<readonly (string | NodeAddress)[]>)

export interface ClusterClientOptions {
  /** Whose actors members reach, and that reach theirs. Its clock is that of all. */
  readonly system: ActorSystem
  /** Makes connections: the same kind as that of the members. */
  readonly transport: Transport
  /**
   * What clients and members prove to each other: `sharedSecret({ client })` of `@casty/secret`, another secret than that of
   * members. @defaultValue nothing
   */
  readonly authentication?: Authentication
  /** Of the cluster. @defaultValue 'casty' */
  readonly name?: string
  readonly contactPoints: ContactPoints
  /**
   * Where members dial this client. Without it nothing listens: members answer on the connections that the client opened,
   * which is what works through a NAT and in browsers.
   */
  readonly listen?: ClientListenOptions
  /**
   * Where to dial instead of a member's address, for tunnels and NAT: by address, or a function from `host:port` to
   * `host:port`. @defaultValue the same
   */
  readonly addressMap?: Readonly<Record<string, string>> | ((address: string) => string)
  /** The same as that of the members. @defaultValue msgpackSerializer() */
  readonly serializer?: Serializer
  /** @defaultValue systemRandom */
  readonly random?: Random
  /** How long `connect` waits for the first contact, in milliseconds. @defaultValue 10_000 */
  readonly connectTimeoutMs?: number
  /**
   * How often members are greeted, in milliseconds. Lower: a contact that died is noticed sooner, if `contactTimeoutMs` is
   * lowered as well. @defaultValue 1_000
   */
  readonly heartbeatIntervalMs?: number
  /**
   * A member that does not answer for so long is out of reach, in milliseconds, and another is the contact. At least twice
   * `heartbeatIntervalMs`. @defaultValue 4_000
   */
  readonly contactTimeoutMs?: number
  /**
   * Members that are greeted, so that each of them can reach this client. Beyond these, those that there is something to
   * send to. @defaultValue 64
   */
  readonly maxConnections?: number
  /** Of questions, refs and watches. */
  readonly limits?: RemotingLimits
  /** Of frames and queues. */
  readonly endpointLimits?: EndpointLimits
  /** Ends waiting for the first contact. */
  readonly signal?: AbortSignal
}

export interface ClientListenOptions {
  readonly host: string
  /** 0 picks one that is free. @defaultValue 0 */
  readonly port?: number
  /** What members dial, where that is not what is bound. */
  readonly advertisedHost?: string
  readonly advertisedPort?: number
  /** Allows to listen beyond loopback where neither TLS nor `authentication` protects it. @defaultValue false */
  readonly insecure?: boolean
}

/** What is used where nothing else is asked for. */
export const clusterClientDefaults: Required<
  Pick<
    ClusterClientOptions,
    'name' | 'connectTimeoutMs' | 'heartbeatIntervalMs' | 'contactTimeoutMs' | 'maxConnections'
  >
> = Object.freeze({
  name: 'casty',
  connectTimeoutMs: 10_000,
  heartbeatIntervalMs: 1_000,
  contactTimeoutMs: 4_000,
  maxConnections: 64,
})

/** The options, checked. */
export interface ClientSettings {
  readonly name: string
  readonly connectTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly contactTimeoutMs: number
  readonly maxConnections: number
  readonly mapAddress: MapAddress
  /** May be anything that a user's function gives: it rejects with `CASTY_REMOTE_INVALID_OPTION` for what is no list. */
  readonly resolvePoints: () => Promise<readonly NodeAddress[]>
}

const of = 'ClusterClient.connect()'
const optionNames: readonly string[] = [
  'system',
  'transport',
  'authentication',
  'contactPoints',
  'listen',
  'addressMap',
  'serializer',
  'random',
  'limits',
  'endpointLimits',
  'signal',
  ...Object.keys(clusterClientDefaults),
]

/** @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` */
export function checkClientOptions(options: ClusterClientOptions): ClientSettings {
  if (typeof options !== 'object' || options === null) {
    throw RemoteError.invalidOption(of, 'options', options, 'an object')
  }
  for (const [name, value] of Object.entries(options)) {
    if (optionNames.includes(name) || value === undefined) continue
    throw RemoteError.invalidOption(of, name, value, `only ${optionNames.join(', ')}`)
  }
  if (typeof options.transport?.dial !== 'function') {
    throw RemoteError.invalidOption(of, 'transport', options.transport, 'a transport')
  }
  const { authentication } = options
  if (authentication !== undefined && typeof authentication?.begin !== 'function') {
    const allowed = 'an Authentication, such as sharedSecret() of @casty/secret'
    throw RemoteError.invalidOption(of, 'authentication', 'something else', allowed)
  }
  if (typeof options.system?.deliver !== 'function') {
    throw RemoteError.invalidOption(of, 'system', options.system, 'an ActorSystem')
  }
  const { listen } = options
  if (listen !== undefined && typeof listen?.host !== 'string') {
    throw RemoteError.invalidOption(of, 'listen', listen, 'an object with a host')
  }
  const { contactPoints } = options
  if (typeof contactPoints !== 'function' && toAddresses(contactPoints).length === 0) {
    throw RemoteError.invalidOption(of, 'contactPoints', '', 'at least one address')
  }
  const heartbeatIntervalMs = numberOf(options, 'heartbeatIntervalMs')
  const contactTimeoutMs = numberOf(options, 'contactTimeoutMs')
  if (contactTimeoutMs < 2 * heartbeatIntervalMs) {
    const allowed = `at least twice heartbeatIntervalMs (${heartbeatIntervalMs})`
    throw RemoteError.invalidOption(of, 'contactTimeoutMs', contactTimeoutMs, allowed)
  }
  return {
    name: options.name ?? clusterClientDefaults.name,
    connectTimeoutMs: numberOf(options, 'connectTimeoutMs'),
    heartbeatIntervalMs,
    contactTimeoutMs,
    maxConnections: numberOf(options, 'maxConnections'),
    mapAddress: mapOf(options.addressMap),
    resolvePoints: async () =>
      toAddresses(typeof contactPoints === 'function' ? await contactPoints() : contactPoints),
  }
}

function numberOf(
  options: ClusterClientOptions,
  name: Exclude<keyof typeof clusterClientDefaults, 'name'>,
): number {
  const value = options[name] ?? clusterClientDefaults[name]
  if (Number.isInteger(value) && value >= 1 && value <= 0x7fff_ffff) return value
  throw RemoteError.invalidOption(of, name, value, 'an integer from 1 to 2147483647')
}

function mapOf(map: ClusterClientOptions['addressMap']): MapAddress {
  if (map === undefined) return (address) => address
  if (typeof map === 'function') return (address) => addressOf('addressMap', map(`${address}`))
  if (typeof map !== 'object' || map === null) {
    throw RemoteError.invalidOption(of, 'addressMap', map, 'an object or a function')
  }
  const known = new Map(
    Object.entries(map).map(([from, to]) => [
      addressOf('addressMap', from).toString(),
      addressOf('addressMap', to),
    ]),
  )
  return (address) => known.get(address.toString()) ?? address
}

function toAddresses(points: unknown): readonly NodeAddress[] {
  if (Array.isArray(points)) return points.map((point) => addressOf('contactPoints', String(point)))
  const allowed = 'a list of addresses, or a function that gives one'
  throw RemoteError.invalidOption(of, 'contactPoints', points, allowed)
}

function addressOf(option: string, value: string): NodeAddress {
  try {
    return NodeAddress.parse(value)
  } catch {
    const allowed = 'host:port, with an IPv6 host in brackets'
    throw RemoteError.invalidOption(of, option, value, allowed)
  }
}
