// What a browser gets of this package: the same name, with what a page can do.
import {
  TransportError,
  type Channel,
  type NodeAddress,
  type Transport,
  type TransportDialOptions,
} from '@casty/transport'
import { resolvePageOptions, type PageWsOptions } from './browser-options.ts'
import { pageDial } from './page-dial.ts'

export { pageWsDefaults, type PageWsOptions } from './browser-options.ts'

/**
 * Channels over the WebSockets of a browser. It dials, and cannot be dialled.
 *
 * @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION`
 * @example wsTransport({ path: '/cluster' }).name // => 'ws'
 */
export function wsTransport(options: PageWsOptions = {}): Transport {
  const resolved = resolvePageOptions(options)
  return {
    name: 'ws',
    listen(address) {
      const why = 'nobody can reach a page, so it only dials'
      return Promise.reject(TransportError.listenFailed(address, why))
    },
    dial(address: NodeAddress, dialOptions?: TransportDialOptions): Promise<Channel> {
      return pageDial(address, resolved, dialOptions?.signal)
    },
  }
}
