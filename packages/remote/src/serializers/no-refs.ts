import { RemoteError } from '../errors.ts'
import type { RefCodec } from '../serializer.ts'

/** What stands in for the codec of refs between two messages, so that none is kept alive. */
export const noRefs: RefCodec = {
  isRef: () => false,
  toBytes: unexpected,
  fromBytes: unexpected,
  toText: unexpected,
  fromText: unexpected,
}

function unexpected(): never {
  throw RemoteError.malformed('There is a ref where none is expected')
}
