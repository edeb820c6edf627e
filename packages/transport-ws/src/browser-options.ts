import { TransportError } from '@casty/transport'
import { defaultPath, isUrlPath, pathAllowed } from './url-path.ts'

/** How a page makes channels. Every duration is in milliseconds. */
export interface PageWsOptions {
  /** As the nodes have it. @defaultValue '/casty' */
  readonly path?: string
  /**
   * Whether to dial `wss:`, as a page that came over `https:` has to.
   * @defaultValue as the page came
   */
  readonly isSecure?: boolean
  /** How long a dial may take. @defaultValue 5_000 */
  readonly dialTimeoutMs?: number
  /** How long a graceful close may take to see the other end close too. @defaultValue 1_000 */
  readonly lingerMs?: number
  /** What may wait to be sent before `write` asks its caller to wait, in bytes. @defaultValue 262_144 */
  readonly highWaterBytes?: number
  /**
   * What may wait to be delivered while a channel is paused, in bytes: a page cannot slow its server down, so one that
   * holds more is closed. @defaultValue 16_777_216
   */
  readonly maxHeldBytes?: number
}

export const pageWsDefaults: Required<Omit<PageWsOptions, 'isSecure'>> = {
  path: defaultPath,
  dialTimeoutMs: 5_000,
  lingerMs: 1_000,
  highWaterBytes: 256 * 1024,
  maxHeldBytes: 16 * 1024 * 1024,
}

/** @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION` */
export function resolvePageOptions(options: PageWsOptions): Required<PageWsOptions> {
  // Its text is the URL of the page.
  const page: object = globalThis
  const isSecure = 'location' in page && String(page.location).startsWith('https:')
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) {
    if (name === 'isSecure') check(name, value, typeof value === 'boolean', 'true or false')
    else if (name === 'path') check(name, value, isUrlPath(value), pathAllowed)
    else if (name in pageWsDefaults) {
      const isWhole = typeof value === 'number' && Number.isInteger(value) && value > 0
      check(name, value, isWhole, 'an integer from 1')
    } else {
      const known = ['isSecure', ...Object.keys(pageWsDefaults)].join(', ')
      throw TransportError.invalidOption('An option of wsTransport', name, `one of ${known}`)
    }
  }
  return { ...pageWsDefaults, isSecure, ...Object.fromEntries(given) }
}

function check(name: string, value: unknown, isAllowed: boolean, allowed: string): void {
  if (!isAllowed) throw TransportError.invalidOption(`${name} of wsTransport`, value, allowed)
}
