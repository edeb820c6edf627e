// Through a relay that lets everything pass, a transport is what it was.
import { NodeAddress } from '@casty/transport'
import { transportCompliance } from '@casty/transport/compliance'
import { tcpTransport } from '@casty/transport-tcp'
import { Relay, relayedTransport } from 'casty-relay'
import { afterAll } from 'vitest'

const relay = await Relay.start()
afterAll(() => relay[Symbol.asyncDispose]())

transportCompliance('relayedTransport', {
  create: () => relayedTransport(tcpTransport(), relay.address),
  anyAddress: NodeAddress.of('127.0.0.1', 0),
  lacks: ['names'], // The relay resolves them.
})
