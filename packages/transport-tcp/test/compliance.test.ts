import { transportCompliance } from '@casty/transport/compliance'
import { tcpTransport } from '@casty/transport-tcp'
import { TestAuthority } from '../../../tooling/tls-contract/index.ts'
import { loopback } from './support.ts'

transportCompliance('tcpTransport', { create: () => tcpTransport(), anyAddress: loopback })

const tls = await (await TestAuthority.create()).issue({ clusterName: 'compliance' })

transportCompliance('tcpTransport with TLS', {
  create: () => tcpTransport({ tls }),
  anyAddress: loopback,
})
