import { constants } from 'node:fs'
import { invalidArgument } from './system-error.ts'

/** What `open` was asked for. */
export interface OpenFlags {
  readonly read: boolean
  readonly write: boolean
  readonly append: boolean
  readonly create: boolean
  readonly exclusive: boolean
  readonly truncate: boolean
  /** Every write is durable before it resolves. */
  readonly sync: boolean
  readonly directory: boolean
}

const {
  O_APPEND,
  O_CREAT,
  O_EXCL,
  O_RDONLY,
  O_RDWR,
  O_SYNC,
  O_DSYNC,
  O_DIRECTORY,
  O_TRUNC,
  O_WRONLY,
} = constants
const create = O_CREAT | O_TRUNC
const append = O_CREAT | O_APPEND

/** @see https://nodejs.org/api/fs.html#file-system-flags */
const named: Readonly<Record<string, number>> = {
  r: O_RDONLY,
  rs: O_RDONLY | O_SYNC,
  'r+': O_RDWR,
  'rs+': O_RDWR | O_SYNC,
  w: O_WRONLY | create,
  wx: O_WRONLY | create | O_EXCL,
  'w+': O_RDWR | create,
  'wx+': O_RDWR | create | O_EXCL,
  a: O_WRONLY | append,
  ax: O_WRONLY | append | O_EXCL,
  as: O_WRONLY | append | O_SYNC,
  'a+': O_RDWR | append,
  'ax+': O_RDWR | append | O_EXCL,
  'as+': O_RDWR | append | O_SYNC,
}

/** @throws TypeError `ERR_INVALID_ARG_VALUE` for a text that is none of Node's flags */
export function parseOpenFlags(flags: string | number): OpenFlags {
  const bits = typeof flags === 'number' ? flags : named[flags]
  if (bits === undefined || !Number.isInteger(bits)) throw invalidArgument('flags', flags)
  const access = bits & (O_WRONLY | O_RDWR)
  return {
    read: access !== O_WRONLY,
    write: access !== O_RDONLY,
    append: has(bits, O_APPEND),
    create: has(bits, O_CREAT),
    exclusive: has(bits, O_EXCL),
    truncate: has(bits, O_TRUNC),
    sync: has(bits, O_SYNC) || has(bits, O_DSYNC),
    directory: has(bits, O_DIRECTORY),
  }
}

/** False for a flag that this platform does not have: there its constant is undefined. */
function has(bits: number, flag: number | undefined): boolean {
  return flag !== undefined && flag !== 0 && (bits & flag) === flag
}
