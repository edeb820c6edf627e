export type { Authentication, ProofExchange, ProofPurpose, Trust } from './authentication.ts'
export { ByteReader, type KnownTexts } from './byte-reader.ts'
export { ByteWriter } from './byte-writer.ts'
export type { ConnectOptions } from './connecting.ts'
export type { EndpointCounters, HandshakeFailure } from './counters.ts'
export { certificateNames } from './certificate-names.ts'
export { mayDialByDefault } from './dial-ranges.ts'
export { endpointLimitDefaults } from './endpoint-options.ts'
export { Endpoint } from './endpoint.ts'
export { TransportError, type TransportErrorCode, type TransportErrorOptions } from './errors.ts'
export { canonicalFingerprint, type Forbidden } from './forbidden-peers.ts'
export { FrameBatch } from './frame-batch.ts'
export { FrameDecoder, type FrameSink } from './frame-decoder.ts'
export type {
  CutMode,
  DelayFault,
  DropFault,
  Latency,
  LinkStatistics,
  ObservedWrite,
  ReorderFault,
  RetransmitFault,
} from './memory-link.ts'
export {
  createMemoryNetwork,
  memoryNetworkDefaults,
  type MemoryNetwork,
  type MemoryNetworkOptions,
  type MemoryTransport,
} from './memory-network.ts'
export { NodeAddress } from './node-address.ts'
export { NodeIdentity, toIncarnation, type Incarnation, type NodeKey } from './node-identity.ts'
export {
  RecordingSink,
  type FrameSource,
  type RecordedFrame,
  type RecordingSinkOptions,
} from './recording-sink.ts'
export type { AssociationReport, EndpointReport, LaneReport } from './reports.ts'
export { sourceGroup } from './source-group.ts'
export type {
  Admission,
  DropReason,
  EndpointEvent,
  EndpointLimits,
  EndpointOptions,
  FrameHandler,
  Lane,
  LaneCloseReason,
  MayDial,
  NamedBy,
  PeerHello,
  Refusal,
  RefusalReason,
  SendOutcome,
} from './endpoint-types.ts'
export type {
  Channel,
  ChannelCloseReason,
  ChannelProof,
  ChannelSink,
  DialFailure,
  Insecurity,
  InsecurityReason,
  TurnedAway,
  Listener,
  ProofLapse,
  Transport,
  TransportDialOptions,
} from './transport.ts'
export { maxJoinedBytes } from './wire.ts'
