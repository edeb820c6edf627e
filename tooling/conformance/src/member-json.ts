import {
  DC_ROLE_PREFIX,
  DEFAULT_DC,
  Member,
  memberStatuses,
  type NodeIdentity,
} from '@casty/membership'
import { isAbsent, numberOf, oneOf, sorted, textOf, textsOf, type JsonObject } from './json.ts'

/** A member of a vector. Its data center, a field there, is a role here. */
export function memberOf(data: JsonObject, node: NodeIdentity): Member {
  const dc = isAbsent(data['dc']) ? DEFAULT_DC : textOf(data['dc'], 'dc')
  const roles = textsOf(data['roles'] ?? [], 'roles')
  return Member.of({
    node,
    status: oneOf(data['status'], memberStatuses, 'status'),
    roles: dc === DEFAULT_DC ? roles : [...roles, `${DC_ROLE_PREFIX}${dc}`],
    ...(isAbsent(data['upNumber']) ? {} : { upNumber: numberOf(data['upNumber'], 'upNumber') }),
  })
}

/** What is compared of a member, from the packages. */
export function describeMember(member: Member, label: string): JsonObject {
  return {
    node: label,
    status: member.status,
    dc: member.dataCenter,
    upNumber: member.upNumber ?? null,
    roles: member.roles.filter((role) => !role.startsWith(DC_ROLE_PREFIX)),
  }
}

/** What is compared of a member, from a vector. */
export function expectedMember(data: JsonObject): JsonObject {
  return {
    node: textOf(data['node'], 'node'),
    status: textOf(data['status'], 'status'),
    dc: isAbsent(data['dc']) ? DEFAULT_DC : data['dc'],
    upNumber: data['upNumber'] ?? null,
    roles: sorted(textsOf(data['roles'] ?? [], 'roles')),
  }
}
