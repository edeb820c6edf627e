export { TransportError, type TransportErrorCode } from './errors.ts'
export { NodeAddress } from './node-address.ts'
export { NodeIdentity, toIncarnation, type Incarnation, type NodeKey } from './node-identity.ts'
export type {
  Admission,
  DropReason,
  EndpointEvent,
  EndpointLimits,
  EndpointOptions,
  FrameHandler,
  Lane,
  PeerHello,
  Refusal,
  RefusalReason,
  SendOutcome,
} from './endpoint-types.ts'
export type {
  Channel,
  ChannelCloseReason,
  ChannelSink,
  DialFailure,
  Listener,
  Transport,
} from './transport.ts'
