// How frames begin. All that carry messages, answers, or word that there will be none begin alike:
//
//   1  which serializer: a digest of its name
//   2  the session of the sender with this peer
//   4  the number of the frame in it: what is missing was lost
//
// A message goes on with its flags, its recipient and, where it asks, the slot of the answer. A recipient is
// named by a number, and introduced with uid and path until the receiver says that it knows the number.

export const messageFlags = { isIntroduced: 1, isQuestion: 2, carries: 4 } as const

/** What is said of recipients that were introduced, or not. */
export const recipientWords = { known: 0, unknown: 1 } as const

/** The name of a serializer in one byte: enough to tell nodes that do not fit each other. */
export function digestOf(name: string): number {
  let digest = 0x811c9dc5 // FNV-1a, folded.
  for (let index = 0; index < name.length; index++) {
    digest = Math.imul(digest ^ name.charCodeAt(index), 0x01000193)
  }
  return (digest ^ (digest >>> 8) ^ (digest >>> 16) ^ (digest >>> 24)) & 0xff
}
