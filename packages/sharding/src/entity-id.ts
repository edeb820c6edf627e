import { ShardingError } from './errors.ts'
import { maxEntityIdBytes } from './region/wire.ts'

const encoder = new TextEncoder()

/**
 * The id of an entity: checked once, where it comes in.
 *
 * @throws ShardingError `CASTY_SHARDING_INVALID_OPTION`
 */
export function checkedId(entityId: string, option = 'entityId'): string {
  if (typeof entityId === 'string' && entityId !== '' && fits(entityId) && isWellFormed(entityId)) {
    return entityId
  }
  const allowed = `a text of 1 to ${maxEntityIdBytes} bytes, without halves of surrogate pairs`
  throw ShardingError.invalidOption(option, entityId, allowed)
}

/** Of ids that are short, nobody needs to know how many bytes they are. */
function fits(entityId: string): boolean {
  return (
    entityId.length <= maxEntityIdBytes / 3 || encoder.encode(entityId).length <= maxEntityIdBytes
  )
}

/** Halves of surrogate pairs cannot be written in UTF-8: on other nodes, two ids would become one. */
function isWellFormed(entityId: string): boolean {
  for (let at = 0; at < entityId.length; at++) {
    // Few ids have any that are whole.
    if ((entityId.charCodeAt(at) & 0xf800) === 0xd800) return !/\p{Surrogate}/u.test(entityId)
  }
  return true
}
