import { NodeAddress } from '@casty/transport'
import { transportCompliance } from '@casty/transport/compliance'
import { wsTransport } from '@casty/transport-ws'
import { TestAuthority } from '../../../tooling/tls-contract/index.ts'

const anyAddress = NodeAddress.parse('127.0.0.1:0')

transportCompliance('wsTransport', { create: () => wsTransport(), anyAddress })

const tls = await (await TestAuthority.create()).issue({ clusterName: 'compliance' })

transportCompliance('wsTransport with TLS', { create: () => wsTransport({ tls }), anyAddress })
