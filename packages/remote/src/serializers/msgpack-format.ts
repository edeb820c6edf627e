// The format of `msgpackSerializer()`: MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md),
// so that any library of it reads the bytes, with these rules:
//
//   null, boolean       nil, bool
//   number              the shortest int of 8, 16 or 32 bits where it is a whole number that fits; float 64
//                       otherwise, and for -0
//   bigint              int 64 or uint 64 where it fits, else extension 6: a sign (0 or 1) and the magnitude,
//                       big-endian
//   string              str; extension 7, UTF-16 big-endian, where half a surrogate pair is in it, for UTF-8
//                       cannot hold that
//   array, plain object array, map with keys of text
//   Uint8Array          bin
//   Date                timestamp (extension -1) of 96 bits
//   undefined           extension 0 with one byte, 0
//   ref                 extension 1: what the node's codec of refs makes of it
//   Map, Set            extensions 2 and 3: an array, of keys and values in turn, or of items
//   registered class    extension 4: an array of its name and its data
//                       extension 8: an array of its number, from 0 to 65,535, and its data, where the other node
//                       has said that it takes the number, which is a digest of the name
//   Error               extension 5: a map of name, message, and code and cause where it has them
//
// Sizes are the shortest, except that text that is not plain ASCII may have a longer length field than it
// needs, and extensions 2 to 5 and 8 have 32 bits for theirs, because it is written when they are complete.

/** Types of extensions. What they mean is fixed for ever: nodes of other versions read them. */
export const extension = {
  undefined: 0,
  ref: 1,
  map: 2,
  set: 3,
  instance: 4,
  error: 5,
  bigint: 6,
  utf16: 7,
  numbered: 8,
  /** As it is found in a byte: -1. */
  timestamp: 0xff,
} as const

/**
 * Keys that reach the prototype of an object when careless code copies what it was sent. Neither end takes
 * them.
 */
export function isForbiddenKey(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype'
}
