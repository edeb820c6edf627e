export { byteSize, encode } from './codec/encode.ts'
export { decode, decodeDefaults, type DecodeOptions } from './codec/decode.ts'
export {
  changed,
  deltaOf,
  equals,
  follows,
  fresh,
  merge,
  modifiedBy,
  nodesWithGaps,
  nothingYet,
  pruned,
  standIn,
  withoutDelta,
  withoutNode,
  withoutPruned,
  type Body,
  type Crdt,
  type CrdtType,
} from './crdt.ts'
export { CrdtError, type CrdtErrorCode } from './errors.ts'
export { CausalContext } from './kernel/causal-context.ts'
export {
  branchOf,
  dotsOf,
  entriesOf,
  leafOf,
  stampsOf,
  type Branch,
  type Dot,
  type DotStore,
  type Leaf,
  type Stamp,
} from './kernel/dot-store.ts'
export { Draft } from './kernel/draft.ts'
export { equalCausal, join, type Causal } from './kernel/join.ts'
export type { Count, Payload, Scalar } from './kernel/payload.ts'
export type { StandIn } from './kernel/stand-in.ts'
export type { Ranges } from './kernel/ranges.ts'
export {
  dotsOnly,
  totals,
  type BranchShape,
  type FieldsShape,
  type LeafShape,
  type Shape,
} from './kernel/shape.ts'
export { fromText, isCanonicalText, textOf, type Plain } from './plain.ts'
export { Replica } from './replica.ts'
export { flag, type Flag } from './types/flag.ts'
export { gCounter, type GCounter } from './types/g-counter.ts'
export { gSet, type GSet } from './types/g-set.ts'
export { lwwMap, type LWWMap } from './types/lww-map.ts'
export { lwwRegister, type LWWRegister } from './types/lww-register.ts'
export { mvRegister, type MVRegister } from './types/mv-register.ts'
export { orMap, type ORMap } from './types/or-map.ts'
export { orMultiMap, type ORMultiMap } from './types/or-multi-map.ts'
export { orSet, type ORSet } from './types/or-set.ts'
export { pnCounter, type PNCounter } from './types/pn-counter.ts'
export { pnCounterMap, type PNCounterMap } from './types/pn-counter-map.ts'
export { lwwDefaults, nextTimestamp, type LwwOptions, type Written } from './types/written.ts'
