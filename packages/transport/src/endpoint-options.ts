import { defined } from '@casty/options'
import { systemRandom, type Clock, type Random } from '@casty/clock'
import type { Authentication, Trust } from './authentication.ts'
import type {
  Admission,
  EndpointLimits,
  EndpointOptions,
  MayDial,
  PeerHello,
} from './endpoint-types.ts'
import { TransportError } from './errors.ts'
import { handshakeLimits } from './handshake-messages.ts'
import { NodeAddress } from './node-address.ts'
import { toIncarnation, type Incarnation, type NodeIdentity } from './node-identity.ts'
import type { Transport } from './transport.ts'
import { leastFrameLimitBytes } from './wire.ts'

/** What an endpoint is bounded by when its owner says nothing. */
export const endpointLimitDefaults: Required<EndpointLimits> = {
  maxControlFrameBytes: 65_536,
  maxDataFrameBytes: 1_048_576,
  maxControlQueueBytes: 1_048_576,
  maxDataQueueBytes: 16_777_216,
  highWaterBytes: 1_048_576,
  handshakeTimeoutMs: 5_000,
  maxHandshakeBytes: 4_096,
  maxPendingHandshakes: 256,
  maxPendingHandshakesPerSource: 16,
  maxFailuresPerMinute: 10,
  maxVainDialBacksPerMinute: 60,
  maxSources: 1_024,
  minReconnectMs: 100,
  maxReconnectMs: 30_000,
  maxSilenceMs: 10_000,
  idleLaneMs: 300_000,
  lingerMs: 1_000,
}

/** The options, checked, with nothing left open. */
export interface EndpointSettings {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly address: NodeAddress
  readonly advertised: { readonly host?: string; readonly port?: number }
  readonly incarnation: Incarnation
  readonly clusterName: string
  readonly configDigest?: string
  readonly capabilities: readonly string[]
  readonly authentication?: Authentication
  readonly trust: Trust
  readonly admit: (peer: PeerHello) => Admission
  readonly believes: (peer: NodeIdentity) => boolean
  /** Where there is none, `mayDialByDefault`. */
  readonly mayDial?: MayDial
  readonly remembersPeers: boolean
  readonly limits: Required<EndpointLimits>
}

/** @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION`, `CASTY_TRANSPORT_INSECURE_BIND` */
export function checkEndpointOptions(options: EndpointOptions): EndpointSettings {
  checkText('clusterName', options.clusterName, 1, 100)
  if (options.configDigest !== undefined) checkText('configDigest', options.configDigest, 1, 128)
  const capabilities = options.capabilities ?? []
  if (capabilities.length > handshakeLimits.capabilities) {
    throw TransportError.invalidOption(
      'capabilities',
      capabilities,
      `a list of at most ${handshakeLimits.capabilities} names`,
    )
  }
  for (const capability of capabilities) checkText('capabilities', capability, 1, 64)
  const { authentication, trust = 'member' } = options
  if (trust !== 'member' && trust !== 'client') {
    throw TransportError.invalidOption('trust', trust, "'member' or 'client'")
  }
  if (authentication !== undefined && typeof authentication?.begin !== 'function') {
    const allowed = 'an Authentication, such as sharedSecret() of @casty/secret'
    throw TransportError.invalidOption('authentication', 'something else', allowed)
  }
  const isProtected = authentication !== undefined || options.transport.security !== undefined
  if (!isProtected && options.insecure !== true && !isLoopback(options.address.host)) {
    throw TransportError.insecureBind(options.address)
  }
  return {
    transport: options.transport,
    clock: options.clock,
    random: options.random ?? systemRandom,
    address: options.address,
    advertised: checkAdvertised(options.advertised ?? {}, options.address),
    incarnation: checkIncarnation(options.incarnation),
    clusterName: options.clusterName,
    ...(options.configDigest !== undefined && { configDigest: options.configDigest }),
    capabilities: [...capabilities],
    ...(authentication !== undefined && { authentication }),
    trust,
    admit: options.admit ?? (() => ({ type: 'admitted' })),
    believes: options.believes ?? (() => true),
    ...(options.mayDial && { mayDial: options.mayDial }),
    remembersPeers: options.remembersPeers ?? true,
    limits: checkLimits(options.limits ?? {}),
  }
}

/** True for names and literals that only this machine can reach. */
function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return /^127(?:\.\d{1,3}){3}$/.test(host) || /^::ffff:127(?:\.\d{1,3}){3}$/.test(host)
}

/** Every address of this machine, and so none that a peer could dial. */
function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || /^[0:]+$/.test(host)
}

export function checkIncarnation(value: number): Incarnation {
  if (Number.isSafeInteger(value) && value >= 0) return toIncarnation(value)
  throw TransportError.invalidOption('incarnation', value, 'a safe integer of at least 0')
}

function checkAdvertised(
  advertised: NonNullable<EndpointOptions['advertised']>,
  bound: NodeAddress,
): { readonly host?: string; readonly port?: number } {
  const { host, port } = advertised
  if (host !== undefined) NodeAddress.of(host, port ?? 0)
  else if (isUnspecified(bound.host)) {
    const allowed = 'given where the bound address names no single host'
    throw TransportError.invalidOption('advertised.host', host, allowed)
  }
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
    throw TransportError.invalidOption('advertised.port', port, 'an integer from 1 to 65535')
  }
  return advertised
}

const loneSurrogate = /\p{Surrogate}/u

/** Text that UTF-8 holds, so that the other side reads what we wrote. */
function checkText(option: string, value: string, min: number, max: number): void {
  const fits = typeof value === 'string' && value.length >= min && value.length <= max
  if (fits && !loneSurrogate.test(value)) return
  throw TransportError.invalidOption(option, value, `a text of ${min} to ${max} characters`)
}

/** The least and greatest value of each limit; a frame must fit the queue that it waits in. */
const limitRanges: Readonly<Record<keyof EndpointLimits, readonly [min: number, max: number]>> = {
  maxControlFrameBytes: [leastFrameLimitBytes, 16_777_216],
  maxDataFrameBytes: [leastFrameLimitBytes, 1_073_741_824],
  maxControlQueueBytes: [1_024, 1_073_741_824],
  maxDataQueueBytes: [1_024, 2_147_483_647],
  highWaterBytes: [1, 2_147_483_647],
  handshakeTimeoutMs: [1, 600_000],
  maxHandshakeBytes: [1_024, 65_536],
  maxPendingHandshakes: [1, 65_536],
  maxPendingHandshakesPerSource: [1, 65_536],
  maxFailuresPerMinute: [1, 1_000_000],
  maxVainDialBacksPerMinute: [1, 1_000_000],
  maxSources: [1, 1_048_576],
  minReconnectMs: [1, 600_000],
  maxReconnectMs: [1, 3_600_000],
  maxSilenceMs: [100, 600_000],
  idleLaneMs: [100, 2_147_483_647],
  lingerMs: [1, 600_000],
}

function checkLimits(limits: EndpointLimits): Required<EndpointLimits> {
  const settled = { ...endpointLimitDefaults, ...defined(limits) }
  for (const [name, range] of Object.entries(limitRanges)) checkLimit(name, settled, range)
  checkOrder('maxControlQueueBytes', 'maxControlFrameBytes', settled)
  checkOrder('maxDataQueueBytes', 'maxDataFrameBytes', settled)
  checkOrder('maxReconnectMs', 'minReconnectMs', settled)
  return settled
}

function checkLimit(
  name: string,
  limits: Readonly<Record<string, number>>,
  [min, max]: readonly [number, number],
): void {
  const value = limits[name]
  if (Number.isInteger(value) && Number(value) >= min && Number(value) <= max) return
  throw TransportError.invalidOption(`limits.${name}`, value, `an integer from ${min} to ${max}`)
}

function checkOrder(
  larger: keyof EndpointLimits,
  smaller: keyof EndpointLimits,
  limits: Required<EndpointLimits>,
): void {
  if (limits[larger] >= limits[smaller]) return
  const allowed = `at least limits.${smaller} (${limits[smaller]})`
  throw TransportError.invalidOption(`limits.${larger}`, limits[larger], allowed)
}
