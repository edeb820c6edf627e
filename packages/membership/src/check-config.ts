import type { HeartbeatMonitorOptions } from '@casty/failure-detector'
import { defined } from '@casty/options'
import { endpointLimitDefaults, NodeAddress } from '@casty/transport'
import { maxIdBytes, maxRoleBytes, maxRoles, maxRolesBytes, rolesBytes } from './codec-limits.ts'
import { crossDcDefaults, type CrossDcSettings } from './cross-dc.ts'
import { DC_ROLE_PREFIX, memberDc } from './data-center.ts'
import { MembershipError } from './errors.ts'
import type { MembershipSettings } from './membership-state.ts'
import {
  capable,
  duration,
  durationOrForever,
  flag,
  knownNames,
  oneOf,
  share,
  text,
  whole,
} from './option-values.ts'
import {
  clusterConfigNames,
  clusterDefaults,
  membershipDefaults,
  type ClusterConfig,
  type SeedNodes,
} from './options.ts'
import { checkSeeds, isEmptyList } from './seed-nodes.ts'

const detectorNames: Readonly<Record<keyof HeartbeatMonitorOptions, true>> = {
  heartbeatIntervalMs: true,
  acceptablePauseMs: true,
  probeCount: true,
  probeTimeoutMs: true,
  createDetector: true,
  threshold: true,
  maxSampleSize: true,
  minStdDevMs: true,
  firstHeartbeatEstimateMs: true,
}

const crossDcNames: Readonly<Record<keyof CrossDcSettings, true>> = {
  heartbeatIntervalMs: true,
  acceptablePauseMs: true,
  connections: true,
  gossipProbability: true,
}

/** What all nodes must have alike travels in every handshake. */
const maxAgreementBytes = 80

/** A config whose every value was checked. */
export interface CheckedConfig {
  readonly name: string
  readonly bind: NodeAddress
  readonly advertisedHost: string
  readonly insecure: boolean
  readonly dialsBack: boolean
  readonly seedNodes: SeedNodes
  readonly bootstrap: boolean
  readonly monitoredBy: number
  readonly crossDc: CrossDcSettings
  readonly exitTimeoutMs: number
  readonly settings: Omit<MembershipSettings, 'id'> & { readonly id: string | undefined }
  /** What all nodes must have alike, readable, so that a refusal can name both sides. */
  readonly agreement: string
}

/** @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` naming the first option that is wrong */
export function checkConfig(config: ClusterConfig): CheckedConfig {
  knownNames('config', config, clusterConfigNames)
  checkParts(config)
  const given = { ...clusterDefaults, seedNodes: [], roles: [], ...defined(config) }
  const roles = checkRoles(given.roles)
  const seedNodes = checkSeeds(given.seedNodes)
  const leaderOrder = oneOf('leaderOrder', given.leaderOrder, ['age', 'address'] as const)
  const crossDc = checkCrossDc(config.crossDc ?? {})
  const minMembers = whole('minMembers', given.minMembers, 1, 100_000)
  return {
    name: text('name', given.name, 100),
    bind: bindAddress(config, given.host, whole('port', given.port, 0, 65_535)),
    advertisedHost: advertised(given.host),
    insecure: flag('insecure', config.insecure ?? false),
    dialsBack: flag('dialBack', config.dialBack ?? isProtected(config)),
    seedNodes,
    bootstrap: flag('bootstrap', config.bootstrap ?? isEmptyList(seedNodes)),
    exitTimeoutMs: duration('exitTimeoutMs', given.exitTimeoutMs),
    monitoredBy: whole('monitoredBy', given.monitoredBy, 1, 1_000),
    crossDc,
    settings: {
      ...membershipDefaults,
      id: config.nodeId === undefined ? undefined : text('nodeId', config.nodeId, maxIdBytes),
      roles,
      dataCenter: memberDc({ roles }),
      crossDc,
      leaderOrder,
      minMembers,
      gossipIntervalMs: duration('gossipIntervalMs', given.gossipIntervalMs),
      gossipFanout: whole('gossipFanout', given.gossipFanout, 1, 100),
      joinRetryMinMs: Math.min(
        membershipDefaults.joinRetryMinMs,
        duration('joinRetryMs', given.joinRetryMs),
      ),
      joinRetryMaxMs: given.joinRetryMs,
      joinTimeoutMs: duration('joinTimeoutMs', given.joinTimeoutMs),
      seedTimeoutMs: durationOrForever('seedTimeoutMs', given.seedTimeoutMs),
      weaklyUpAfterMs: duration('weaklyUpAfterMs', given.weaklyUpAfterMs),
      leaveTimeoutMs: duration('leaveTimeoutMs', given.leaveTimeoutMs),
      tombstoneTtlMs: duration('tombstoneTtlMs', given.tombstoneTtlMs),
    },
    agreement: `leaderOrder=${leaderOrder} minMembers=${minMembers} downing=${agreementOf(config)}`,
  }
}

/** Peers prove that they belong to the cluster, each its own address or a secret of all. */
function isProtected({ authentication, transport }: ClusterConfig): boolean {
  return authentication !== undefined || transport.security !== undefined
}

/** What is handed in rather than set: objects that others made. */
function checkParts(config: ClusterConfig): void {
  const { transport, authentication, clock, random, logger, eventLoopDelay, downing } = config
  capable('transport', transport, ['listen', 'dial'], 'a Transport, such as tcpTransport(),')
  if (authentication !== undefined) {
    const proof = 'an Authentication, such as sharedSecret() of @casty/secret,'
    capable('authentication', authentication, ['begin', 'isFor'], proof)
  }
  if (clock !== undefined) capable('clock', clock, ['now', 'wallNow', 'schedule'], 'a Clock')
  const { mayDial } = config
  if (mayDial !== undefined && typeof mayDial !== 'function')
    throw MembershipError.invalidOption('mayDial', mayDial, 'a function of a NodeAddress')
  if (random !== undefined && typeof random !== 'function')
    throw MembershipError.invalidOption('random', random, 'a function that draws from [0, 1)')
  if (logger !== undefined)
    capable('logger', logger, ['debug', 'info', 'warn', 'error'], 'a logger')
  if (eventLoopDelay !== undefined) {
    const methods = ['enable', 'disable', 'reset', 'percentile']
    capable('eventLoopDelay', eventLoopDelay, methods, 'a histogram of monitorEventLoopDelay()')
  }
  if (downing !== undefined) {
    const provider = 'a DowningProvider, such as splitBrainResolver({ strategy }) of @casty/sbr,'
    capable('downing', downing, ['start'], provider)
  }
  knownNames('failureDetector', config.failureDetector ?? {}, Object.keys(detectorNames))
  knownNames('limits', config.limits ?? {}, Object.keys(endpointLimitDefaults))
}

function agreementOf({ downing }: ClusterConfig): string {
  return downing === undefined
    ? 'none'
    : text('downing.agreement', downing.agreement, maxAgreementBytes)
}

function checkCrossDc(given: Partial<CrossDcSettings>): CrossDcSettings {
  knownNames('crossDc', given, Object.keys(crossDcNames))
  const { heartbeatIntervalMs, acceptablePauseMs, connections, gossipProbability } = {
    ...crossDcDefaults,
    ...defined(given),
  }
  return {
    heartbeatIntervalMs: duration('crossDc.heartbeatIntervalMs', heartbeatIntervalMs),
    acceptablePauseMs: duration('crossDc.acceptablePauseMs', acceptablePauseMs),
    connections: whole('crossDc.connections', connections, 1, 100),
    gossipProbability: share('crossDc.gossipProbability', gossipProbability),
  }
}

function checkRoles(roles: Iterable<string>): readonly string[] {
  // A text is iterable too: its letters would be roles.
  if (typeof roles !== 'object' || roles === null || !(Symbol.iterator in roles))
    throw MembershipError.invalidOption('roles', roles, 'a list of texts')
  const all = [...new Set(roles)].toSorted()
  if (all.length > maxRoles)
    throw MembershipError.invalidOption('roles', `${all.length} roles`, `at most ${maxRoles}`)
  for (const role of all) text('roles', role, maxRoleBytes)
  if (rolesBytes(all) > maxRolesBytes) {
    throw MembershipError.invalidOption(
      'roles',
      `${rolesBytes(all)} bytes`,
      `at most ${maxRolesBytes} bytes together`,
    )
  }
  if (all.filter((role) => role.startsWith(DC_ROLE_PREFIX)).length > 1) {
    throw MembershipError.invalidOption(
      'roles',
      all.join(', '),
      `at most one role that starts with ${DC_ROLE_PREFIX}`,
    )
  }
  return all
}

function bindAddress({ bindHost }: ClusterConfig, host: string, port: number): NodeAddress {
  return bindHost === undefined ? address('host', host, port) : address('bindHost', bindHost, port)
}

/** What others are told to dial must name one host. */
function advertised(given: string): string {
  const { host } = address('host', given, 0)
  if (host !== '0.0.0.0' && !/^[0:]+$/.test(host)) return host
  const allowed = 'a host that others can dial: to listen on every interface, set bindHost to that'
  throw MembershipError.invalidOption('host', given, allowed)
}

function address(option: string, host: string, port: number): NodeAddress {
  try {
    return NodeAddress.of(host, port)
  } catch {
    throw MembershipError.invalidOption(option, host, 'a host name or IP literal')
  }
}
