// SEC-6: a node that is set up for TLS never speaks plain text, in either direction.
import { wsTransport } from '@casty/transport-ws'
import { plainTextContract } from '../../../tooling/tls-contract/plain-text.ts'

plainTextContract('wsTransport', (tls) => wsTransport({ ...(tls && { tls }) }))
