import { tcpTransport } from '@casty/transport-tcp'
import { tlsContract } from '../../../tooling/tls-contract/index.ts'

tlsContract('tcpTransport', (tls) => tcpTransport({ ...(tls && { tls }) }))
