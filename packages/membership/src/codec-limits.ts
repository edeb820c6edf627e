import type { ReachabilityStatus } from './reachability.ts'

const utf8 = new TextEncoder()

// What both ends of the codec hold each other to. Lengths are in bytes.

/** Longest key or path of a service, and longest name of an entity type. */
export const maxNameBytes = 1_024

/** Longest id of a node. */
export const maxIdBytes = 255

/** Most roles of a member, and the longest of one. */
export const maxRoles = 64
export const maxRoleBytes = 100

/**
 * All roles of a member together. Members must fit half a frame of the data lane: at its default of
 * 1 MiB that is some 250 members with so many roles, and some 10,000 with a few short ones.
 */
export const maxRolesBytes = 2_048

/** A host, a port and an incarnation. */
export const maxClusterIdBytes = 400

/** An address, or the fingerprint of a certificate. */
export const maxForbiddenBytes = 300

/** A bit per member. */
export const maxSeenBytes = 65_536

/** What a heartbeat may carry for nothing; its answer carries as much. */
export const maxPaddingBytes = 2_048

/** In the order of their place on the wire: another one comes last. */
export const reachabilityStatuses: readonly ReachabilityStatus[] = [
  'reachable',
  'unreachable',
  'terminated',
  'refused',
]

/** Highest count that is believed: a million a second for more than a century. */
export const maxCounter: number = 2 ** 52

/** What the names of roles take, to be held against `maxRolesBytes`. */
export function rolesBytes(roles: Iterable<string>): number {
  let bytes = 0
  for (const role of roles) bytes += utf8.encode(role).length
  return bytes
}
