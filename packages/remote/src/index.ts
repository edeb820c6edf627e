export { RemoteError, type RemoteErrorCode } from './errors.ts'
export type { RefCodec, Serializer } from './serializer.ts'
export { msgpackSerializer } from './serializers/msgpack.ts'
