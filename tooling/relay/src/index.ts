export type { CutMode } from './link.ts'
export { Relay } from './relay.ts'
export { relayedTransport } from './relayed-transport.ts'
