// What a config says of who a node is, and where it and others are: checked here as membership does, which knows nothing of the file.
import { DC_ROLE_PREFIX, NodeAddress } from '@casty/membership'
import type { Section } from './section.ts'

export const maxNameBytes = 100
export const maxNodeIdBytes = 255
export const maxRoleBytes = 100

const maxRoles = 64

const anyHost = 'a host name or IP literal'

export function hostOf(section: Section): string | undefined {
  const host = section.textThat('host', anyHost, isHost)
  if (host === undefined || !isEveryInterface(host)) return host
  const allowed = 'a host that others can dial: to listen on every interface, set bind_host to that'
  return section.refuse('host', `is "${host}"`, allowed)
}

export function bindHostOf(section: Section): string | undefined {
  return section.textThat('bind_host', anyHost, isHost)
}

export function seedNodesOf(section: Section): readonly string[] | undefined {
  const allowed = 'host:port, with an IPv6 host in brackets, and a port that can be dialled'
  return section.texts('seed_nodes', allowed, isDialled)
}

export function rolesOf(section: Section): readonly string[] | undefined {
  const roles = section.texts(
    'roles',
    `a text of 1 to ${maxRoleBytes} bytes`,
    (role) => Buffer.byteLength(role) <= maxRoleBytes,
  )
  const count = new Set(roles).size
  if (count > maxRoles) section.refuse('roles', `names ${count} roles`, `at most ${maxRoles}`)
  const dataCenters = new Set(roles?.filter((role) => role.startsWith(DC_ROLE_PREFIX)))
  if (dataCenters.size <= 1) return roles
  const named = [...dataCenters].join(' and ')
  return section.refuse(
    'roles',
    `names ${named}`,
    `at most one role that starts with ${DC_ROLE_PREFIX}`,
  )
}

function isHost(text: string): boolean {
  return canBe(() => NodeAddress.of(text, 0))
}

function isDialled(text: string): boolean {
  return canBe(() => NodeAddress.parse(text)) && NodeAddress.parse(text).port > 0
}

function canBe(make: () => NodeAddress): boolean {
  try {
    make()
    return true
  } catch {
    return false // It is told by the path of its key.
  }
}

function isEveryInterface(host: string): boolean {
  return host === '0.0.0.0' || /^[0:]+$/.test(NodeAddress.of(host, 0).host)
}
