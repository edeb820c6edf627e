// How frames with messages, answers, and word that there will be none begin:
//
//   1  which serializer: a digest of its name
//   2  the session of the sender with this peer
//   4  the number of the first part in it: what is missing was lost
//
// Then come one part or several, all that a turn has for that node as a rule. Each counts as one, and begins with
//
//   its length in bytes without this, and its flags, of which the upper ones tell what it is
//
// A message goes on with its recipient and, where it asks, the slot of the answer. A recipient is named by a number, and
// introduced with uid and path until the receiver says that it knows the number. An answer, and word that there will be
// none, begins with the slot of who asked. What is left is the message, or a byte with the reason.
//
// A frame of several parts has at most `maxJoinedBytes`. One that cannot be read is dropped by itself, unless it does not
// end where there is another one.
import { fnv1a } from './fnv.ts'

export const messageFlags = { isIntroduced: 1, isQuestion: 2, carries: 4 } as const

/** What a part is. Flags belong to messages only. */
export const partKinds = { message: 0, answer: 0x10, unanswered: 0x20 } as const

/** Lower flags are those of messages. */
export const kindBits = 0xf8

/** The name of a serializer in one byte: enough to tell nodes that do not fit each other. */
export function digestOf(name: string): number {
  const digest = fnv1a(name)
  return (digest ^ (digest >>> 8) ^ (digest >>> 16) ^ (digest >>> 24)) & 0xff
}
