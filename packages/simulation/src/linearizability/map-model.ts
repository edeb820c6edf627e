import {
  answers,
  demandsDone,
  describeCall,
  illegal,
  type RecordedModel,
  type Scalar,
} from './model.ts'
import { isScalar, isScalarOrNull, isString, isVariantOf } from './shape.ts'

/** What is asked of a map. */
export type MapInput =
  /** Answers the value, or `null`. */
  | { readonly type: 'get'; readonly entry: string }
  /** Answers `'done'`. */
  | { readonly type: 'put'; readonly entry: string; readonly value: Scalar }
  /** Answers whether there was none, and so it was put. */
  | { readonly type: 'put-if-absent'; readonly entry: string; readonly value: Scalar }
  /** Answers whether the value was the expected one, and so was replaced. */
  | {
      readonly type: 'compare-and-set'
      readonly entry: string
      readonly expected: Scalar | null
      readonly value: Scalar
    }
  /** Answers whether there was one, or `'done'`. */
  | { readonly type: 'remove'; readonly entry: string }
  /** Answers the number of entries. One such operation makes a map be searched as a whole. */
  | { readonly type: 'size' }
  /** Answers `'done'`. One such operation makes a map be searched as a whole. */
  | { readonly type: 'clear' }

/** A value, `null` for none, whether something was done, or how many there are. */
export type MapOutput = Scalar | null
/** The value of each entry. */
export type MapState = ReadonlyMap<string, Scalar>

/** Values by entry. Entries are independent, so each is searched on its own. */
export function mapModel(
  initial: MapState = new Map(),
): RecordedModel<MapState, MapInput, MapOutput> {
  return {
    name: 'map',
    initial,
    step,
    stateKey: (map) => JSON.stringify([...map].toSorted(byEntry)),
    partition: (input) => ('entry' in input ? [input.entry] : 'whole'),
    describe,
    isInput: isVariantOf<MapInput>({
      get: { entry: isString },
      put: { entry: isString, value: isScalar },
      'put-if-absent': { entry: isString, value: isScalar },
      'compare-and-set': { entry: isString, expected: isScalarOrNull, value: isScalar },
      remove: { entry: isString },
      size: {},
      clear: {},
    }),
    isOutput: isScalarOrNull,
    demands: demandsDone<MapInput>('put', 'clear'),
  }
}

function step(
  map: MapState,
  input: MapInput,
  output: MapOutput | undefined,
): MapState | typeof illegal {
  switch (input.type) {
    case 'get':
      return answers(output, map.get(input.entry) ?? null) ? map : illegal
    case 'put':
      return answers(output, 'done') ? withEntry(map, input) : illegal
    case 'put-if-absent': {
      const absent = !map.has(input.entry)
      if (!answers(output, absent)) return illegal
      return absent ? withEntry(map, input) : map
    }
    case 'compare-and-set': {
      const expected = (map.get(input.entry) ?? null) === input.expected
      if (!answers(output, expected)) return illegal
      return expected ? withEntry(map, input) : map
    }
    case 'remove': {
      const present = map.has(input.entry)
      if (!answers(output, present, 'done')) return illegal
      return present ? new Map([...map].filter(([entry]) => entry !== input.entry)) : map
    }
    case 'size':
      return answers(output, map.size) ? map : illegal
    case 'clear':
      return answers(output, 'done') ? new Map() : illegal
  }
}

function withEntry(
  map: MapState,
  { entry, value }: { readonly entry: string; readonly value: Scalar },
): MapState {
  return new Map(map).set(entry, value)
}

function describe(input: MapInput, output: MapOutput | undefined): string {
  switch (input.type) {
    case 'get':
    case 'remove':
      return describeCall(input, output, input.entry)
    case 'put':
    case 'put-if-absent':
      return describeCall(input, output, input.entry, input.value)
    case 'compare-and-set':
      return describeCall(input, output, input.entry, input.expected, input.value)
    case 'size':
    case 'clear':
      return describeCall(input, output)
  }
}

function byEntry([a]: readonly [string, Scalar], [b]: readonly [string, Scalar]): number {
  return a < b ? -1 : 1 // Entries of one map differ.
}
