export { tcpDefaults, type TcpNumbers, type TcpOptions } from './options.ts'
export { tcpTransport, type TcpCounters, type TcpTransport } from './tcp-transport.ts'
