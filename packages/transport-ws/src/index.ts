export { wsDefaults, type WsDefaults, type WsNumbers, type WsOptions } from './options.ts'
export { wsTransport, type WsCounters, type WsTransport } from './ws-transport.ts'
