export {
  BroadcastRef,
  type BroadcastOptions,
  type CollectedAnswers,
  type MissingAnswer,
} from './broadcast/broadcast-ref.ts'
export {
  ClientAccess,
  clientAccessDefaults,
  type ClientAccessMetrics,
  type ClientAccessOptions,
  type ClientReport,
} from './client/client-access.ts'
export type { ClientDropReason } from './client/client-book.ts'
export type { ClientAllowance, ClientUsable } from './client/client-rights.ts'
export type { Standing } from './client/client-messages.ts'
export {
  clusterClientDefaults,
  type ClientListenOptions,
  type ClusterClientOptions,
  type ContactPoints,
} from './client/client-options.ts'
export { ClusterClient, type ClientExplanation } from './client/cluster-client.ts'
export type { ClientEvent } from './client/client-event.ts'
export type { ClusterView } from './cluster-view.ts'
export type { ContactLoss, LinkReport } from './client/contact-core.ts'
export { RemoteError, type RemoteErrorCode } from './errors.ts'
export type { RemoteEvent } from './events.ts'
export type { GuestLimits } from './guest-limits.ts'
export type {
  Asker,
  DecodedMessage,
  EncodedMessage,
  MessageCodec,
  ReopenedMessage,
} from './message-codec.ts'
export { remotingDefaults, type RemotingLimits, type RemotingOptions } from './options.ts'
export type { ListingSubscriber, ServiceExplanation } from './receptionist/listings.ts'
export { Receptionist, type ReceptionistMetrics } from './receptionist/receptionist.ts'
export { ServiceKey, type Listing, type ServiceInstance } from './receptionist/service-key.ts'
export type { RefKind } from './ref-kinds.ts'
export type { RemoteNode, RemoteReader } from './remote-node.ts'
export { Remoting, type RefLocation } from './remoting.ts'
export type { PeerExplanation, RemotingExplanation, RemotingMetrics } from './reports.ts'
export type { ClassCodec, RefCodec, Serializer } from './serializer.ts'
export type { ClassData, ClassSerializer, MessageClass } from './serializers/class-registry.ts'
export {
  compressed,
  compressionDefaults,
  type Compression,
  type CompressionOptions,
} from './serializers/compressed.ts'
export { deflate } from './serializers/deflate.ts'
export { jsonSerializer } from './serializers/json.ts'
export { serializerLimits, type SerializerLimits } from './serializers/limits.ts'
export { msgpackSerializer } from './serializers/msgpack.ts'
export type { SystemDeliveryMetrics } from './system-delivery/system-delivery.ts'
export type { Topic, TopicSubscriber } from './topics/topic.ts'
export {
  Topics,
  type TopicExplanation,
  type TopicsMetrics,
  type TopicsOptions,
} from './topics/topics.ts'
export type { RemoteWatchMetrics } from './watch/remote-watch.ts'
