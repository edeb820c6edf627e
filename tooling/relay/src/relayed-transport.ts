import { TransportError, type Channel, type NodeAddress, type Transport } from '@casty/transport'
import { RelayedChannel, type Answer } from './relayed-channel.ts'

/** As with `tcpTransport`. */
const dialTimeoutMs = 5_000

/**
 * A transport that dials every peer through a relay, and listens by itself. Peers are named by the
 * addresses that they listen on, so nothing above it sees the relay.
 *
 * @param relay - the `address` of a `Relay`
 */
export function relayedTransport(inner: Transport, relay: NodeAddress): Transport {
  let listensAt: NodeAddress | undefined
  return {
    name: `relayed ${inner.name}`,
    async listen(address, accept, turnedAway) {
      const listener = await inner.listen(address, accept, turnedAway)
      listensAt ??= listener.address
      return listener
    },
    async dial(address, { signal } = {}) {
      const toRelay = await dialRelay(inner, relay, address, signal)
      const from = listensAt === undefined ? 'nowhere' : String(listensAt)
      const channel = new RelayedChannel(toRelay, { from, to: String(address) })
      const outcome = await withinTime(channel.answer, signal)
      if (outcome === 'connected') return channel
      channel.close()
      if (outcome !== 'too-late')
        throw TransportError.dialFailed(address, outcome === 'refused' ? 'refused' : 'unreachable')
      signal?.throwIfAborted()
      throw TransportError.dialFailed(address, 'timeout')
    },
  }
}

async function dialRelay(
  inner: Transport,
  relay: NodeAddress,
  address: NodeAddress,
  signal: AbortSignal | undefined,
): Promise<Channel> {
  try {
    return await inner.dial(relay, signal ? { signal } : {})
  } catch (error) {
    signal?.throwIfAborted()
    // That the relay is gone says nothing of the peer.
    throw TransportError.dialFailed(address, 'unreachable', error)
  }
}

async function withinTime(
  answer: Promise<Answer>,
  signal: AbortSignal | undefined,
): Promise<Answer | 'too-late'> {
  if (signal?.aborted) return 'too-late'
  let giveUp = (): void => {}
  const tooLate = new Promise<'too-late'>((resolve) => (giveUp = () => resolve('too-late')))
  const timer = setTimeout(giveUp, dialTimeoutMs)
  signal?.addEventListener('abort', giveUp)
  try {
    return await Promise.race([answer, tooLate])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', giveUp)
  }
}
