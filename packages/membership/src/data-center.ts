import type { Member } from './member.ts'

/** The role that names a member's data center starts with this, as in `dc-eu-west`. */
export const DC_ROLE_PREFIX = 'dc-'

/** The data center of a member without such a role. */
export const DEFAULT_DC = 'default'

/**
 * The data center that a set of roles names: what follows the prefix in the first role that has it.
 *
 * @example memberDc({ roles: ['backend', 'dc-eu'] }) // => 'eu'
 */
export function memberDc(member: { readonly roles: Iterable<string> }): string {
  for (const role of member.roles) {
    if (role.startsWith(DC_ROLE_PREFIX)) return role.slice(DC_ROLE_PREFIX.length)
  }
  return DEFAULT_DC
}

/** Whether two sets of roles name one data center. */
export function sameDc(
  left: { readonly roles: Iterable<string> },
  right: { readonly roles: Iterable<string> },
): boolean {
  return memberDc(left) === memberDc(right)
}

/** Members inside and outside the data center of `local`, each in the order given. */
export function partitionByDc<M extends Pick<Member, 'roles'>>(
  local: { readonly roles: Iterable<string> },
  members: Iterable<M>,
): { readonly inDc: readonly M[]; readonly crossDc: readonly M[] } {
  const dc = memberDc(local)
  const inDc: M[] = []
  const crossDc: M[] = []
  for (const member of members) (memberDc(member) === dc ? inDc : crossDc).push(member)
  return { inDc, crossDc }
}
