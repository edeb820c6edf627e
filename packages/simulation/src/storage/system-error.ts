import { getSystemErrorMap, inspect } from 'node:util'

/** The codes that a simulated disk fails with. */
export type SystemErrorCode =
  | 'EBADF'
  | 'EBUSY'
  | 'EEXIST'
  | 'EINVAL'
  | 'EIO'
  | 'EISDIR'
  | 'EMFILE'
  | 'ENAMETOOLONG'
  | 'ENOENT'
  | 'ENOSPC'
  | 'ENOTDIR'
  | 'ENOTEMPTY'
  | 'EROFS'

/** The call that failed, as Node names it: those on a handle have no path. */
export interface SystemCall {
  readonly syscall: string
  readonly path?: string
  readonly dest?: string
}

/** An error as Node makes it of a system call that failed. Match on `code`. */
export interface SystemError extends Error, SystemCall {
  readonly code: SystemErrorCode
  /** This platform's number for `code`, negative. Absent where the handle was closed. */
  readonly errno?: number
}

const known: ReadonlyMap<string, readonly [errno: number, text: string]> = new Map(
  [...getSystemErrorMap()].map(([errno, [code, text]]) => [code, [errno, text]]),
)

export function systemError(code: SystemErrorCode, call: SystemCall): SystemError {
  const [errno = -1, text = 'unknown error'] = known.get(code) ?? []
  const { syscall, path, dest } = call
  const at = path === undefined ? '' : ` '${path}'`
  const to = dest === undefined ? '' : ` -> '${dest}'`
  return Object.assign(new Error(`${code}: ${text}, ${syscall}${at}${to}`), {
    errno,
    code,
    syscall,
    ...(path !== undefined && { path }),
    ...(dest !== undefined && { dest }),
  })
}

/** What Node says of a handle that its owner closed before. */
export function closedError(syscall: string): SystemError {
  return Object.assign(new Error('file closed'), { code: 'EBADF' as const, syscall })
}

/** What Node says of arguments that are no range of the buffer. */
export function outOfRange(name: string, allowed: string, value: number): RangeError {
  const text = `The value of "${name}" is out of range. It must be ${allowed}. Received ${value}`
  return Object.assign(new RangeError(text), { code: 'ERR_OUT_OF_RANGE' })
}

/** What Node says of an argument that it does not take. */
export function invalidArgument(name: string, value: unknown): TypeError {
  const text = `The argument '${name}' is invalid. Received ${inspect(value)}`
  return Object.assign(new TypeError(text), { code: 'ERR_INVALID_ARG_VALUE' })
}
