import { NodeAddress, type Channel, type Listener, type Transport } from '@casty/transport'

/** Where members really are, for whoever reaches them through tunnels or a NAT. */
export type MapAddress = (address: NodeAddress) => NodeAddress

/**
 * A transport that dials elsewhere than it is told to, and listens only where that is wanted. Connections go by the
 * addresses that members have for each other, wherever they lead.
 */
export function clientTransport(
  transport: Transport,
  mapAddress: MapAddress,
  isListening: boolean,
): Transport {
  return {
    name: transport.name,
    ...(transport.security && { security: transport.security }),
    listen: async (address, accept, turnedAway): Promise<Listener> =>
      isListening ? await transport.listen(address, accept, turnedAway) : nowhere(address),
    async dial(address, options = {}): Promise<Channel> {
      const mapped = mapAddress(address)
      const { signal } = options
      // Where it is mapped to is the word of whoever set that, so what the name leads to is judged by nobody.
      const isMapped = !mapped.equals(address)
      return await transport.dial(mapped, isMapped ? { ...(signal && { signal }) } : options)
    },
  }
}

function nowhere(address: NodeAddress): Listener {
  return { address, [Symbol.asyncDispose]: async () => {} }
}

/**
 * An address that nobody has: members answer on the connections that the client opened. No two clients have the same,
 * or one would take the place of the other.
 */
export function unlistedAddress(random: () => number): NodeAddress {
  const digits = Array.from({ length: 4 }, () =>
    Math.floor(random() * 0x1_0000)
      .toString(16)
      .padStart(4, '0'),
  )
  // RFC 2606, §2: no such name is ever found.
  return NodeAddress.of(`client-${digits.join('')}.invalid`, 1)
}
