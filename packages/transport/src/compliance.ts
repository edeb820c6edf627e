// The contract of a `Transport` as tests: call this from a test file of the package that makes one.
import type { TransportSubject } from './compliance/subject.ts'
import { channelContract } from './compliance/channel-contract.ts'
import { endpointContract } from './compliance/endpoint-contract.ts'
import { listenContract } from './compliance/listen-contract.ts'

export type { TransportAbility, TransportSubject } from './compliance/subject.ts'

/**
 * Checks that a transport keeps its contract: by its channels alone, and by an `Endpoint` over it.
 * It waits on events and on nothing else, so it is as fast as the transport.
 *
 * @example
 * transportCompliance('tcpTransport', {
 *   create: () => tcpTransport(),
 *   anyAddress: NodeAddress.of('127.0.0.1', 0),
 * })
 */
export function transportCompliance(name: string, subject: TransportSubject): void {
  listenContract(name, subject)
  channelContract(name, subject)
  endpointContract(name, subject)
}
