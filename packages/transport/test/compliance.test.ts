import { systemClock } from '@casty/clock'
import { createMemoryNetwork, NodeAddress } from '@casty/transport'
import { transportCompliance } from '@casty/transport/compliance'

const network = createMemoryNetwork({ clock: systemClock })

transportCompliance('the memory network', {
  create: () => network.transport(),
  anyAddress: NodeAddress.of('127.0.0.1', 0),
  lacks: ['names'], // Each name is an address of its own.
})
