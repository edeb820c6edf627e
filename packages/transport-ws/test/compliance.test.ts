import { NodeAddress } from '@casty/transport'
import { transportCompliance } from '@casty/transport/compliance'
import { wsTransport } from '@casty/transport-ws'

transportCompliance('wsTransport', {
  create: () => wsTransport(),
  anyAddress: NodeAddress.parse('127.0.0.1:0'),
})
