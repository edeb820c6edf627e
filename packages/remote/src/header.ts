// How frames begin. All that carry messages, answers, or word that there will be none begin alike:
//
//   1  which serializer: a digest of its name
//   2  the session of the sender with this peer
//   4  the number of the frame in it: what is missing was lost
//
// A message goes on with its flags, its recipient and, where it asks, the slot of the answer. A recipient is
// named by a number, and introduced with uid and path until the receiver says that it knows the number.
import { fnv1a } from './fnv.ts'

export const messageFlags = { isIntroduced: 1, isQuestion: 2, carries: 4 } as const

/** The name of a serializer in one byte: enough to tell nodes that do not fit each other. */
export function digestOf(name: string): number {
  const digest = fnv1a(name)
  return (digest ^ (digest >>> 8) ^ (digest >>> 16) ^ (digest >>> 24)) & 0xff
}
