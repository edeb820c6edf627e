import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'
import type { DialFailure } from '@casty/transport'

/**
 * What a failed dial says about the other end. Only `refused` is evidence that its process is gone;
 * a shortage on this side must never be counted against a peer.
 */
export function classifyDialFailure(error: unknown): DialFailure {
  // A name with several addresses fails with one error for each address that was tried.
  const causes = error instanceof AggregateError ? error.errors : [error]
  const failures = new Set(causes.map((cause) => classifyCode(errorCode(cause))))
  if (failures.has('local')) return 'local'
  if (failures.has('not-allowed')) return 'not-allowed'
  // An address that stayed silent may be where the peer lives, whatever the others answered.
  if (failures.has('timeout')) return 'timeout'
  return failures.has('refused') ? 'refused' : 'unreachable'
}

const notAllowed = 'CASTY_NOT_ALLOWED'

/** What a dial fails with that was not to be made: `not-allowed`. */
export function dialNotAllowed(host: string): NodeJS.ErrnoException {
  const text = `${host} leads to no address that may be dialled`
  return Object.assign(new Error(text), { code: notAllowed })
}

/** The system's name for what went wrong, such as `ECONNREFUSED`; empty for any other error. */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return ''
  return typeof error.code === 'string' ? error.code : ''
}

function classifyCode(code: string): DialFailure {
  switch (code) {
    case 'ECONNREFUSED':
      return 'refused'
    case notAllowed:
      return 'not-allowed'
    case 'ETIMEDOUT':
    case 'ERR_SOCKET_CONNECTION_TIMEOUT':
      return 'timeout'
    case 'EMFILE': // Descriptors of this process, then of the system.
    case 'ENFILE':
    case 'ENOBUFS':
    case 'ENOMEM':
    case 'EAI_MEMORY':
    case 'EADDRNOTAVAIL': // No local port is left.
      return 'local'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
    case 'EAI_SYSTEM':
      return outOfDescriptors() ? 'local' : 'unreachable'
    default:
      return 'unreachable'
  }
}

/**
 * A resolver that cannot open its own files or sockets reports that the name does not exist. The
 * two are told apart by opening a file ourselves.
 */
function outOfDescriptors(): boolean {
  try {
    closeSync(openSync(devNull, 'r'))
    return false
  } catch (error) {
    const code = errorCode(error)
    return code === 'EMFILE' || code === 'ENFILE'
  }
}
