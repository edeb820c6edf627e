// SEC-6: a node that is set up for TLS never speaks plain text, in either direction.
import { tcpTransport } from '@casty/transport-tcp'
import { plainTextContract } from '../../../tooling/tls-contract/plain-text.ts'

plainTextContract('tcpTransport', (tls) => tcpTransport({ ...(tls && { tls }) }))
