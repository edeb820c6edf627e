// The transport of a system: one that is there, or one that is made here, of what code or config file say of TLS.
import type { TlsOptions } from '@casty/net'
import type { Transport } from '@casty/transport'
import { ClusterSystemError } from './errors.ts'
import { record } from './option-values.ts'

/** Makes a transport, with TLS where it is told of certificates: as `tcpTransport` and `wsTransport` do. */
export type TransportMaker = (options: { readonly tls?: TlsOptions }) => Transport

/**
 * @param tls - of code, which counts before that of the config
 * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` also where there would be no TLS although it is asked for; what the maker throws
 */
export function madeTransport(
  transport: Transport | TransportMaker,
  tls: TlsOptions | undefined,
  ofConfig: TlsOptions | undefined,
): Transport {
  if (tls !== undefined) record('tls', tls)
  const wanted = tls ?? ofConfig
  if (typeof transport === 'function') {
    return secured(transport(wanted ? { tls: wanted } : {}), wanted !== undefined)
  }
  if (tls !== undefined) {
    const allowed =
      'left out beside a transport that is made already: hand over tcpTransport itself, or tcpTransport({ tls })'
    // Its kind says enough: it may hold a key.
    throw ClusterSystemError.invalidOption('tls', {}, allowed)
  }
  return secured(transport, wanted !== undefined)
}

/** Whoever asks for TLS must not have plain text instead. */
function secured(transport: Transport, hasTls: boolean): Transport {
  if (!hasTls || transport?.security === 'mutual-tls') return transport
  const allowed =
    'one with TLS, as tcpTransport, which is told of it, or tcpTransport({ tls: config.cluster?.tls }): tls, or the config, asks for it'
  throw ClusterSystemError.invalidOption('transport', transport?.name, allowed)
}
