// States that a set of runs must have come to: where what is shared is hardest to keep.
export const structuresRareStates = [
  'everybody dies at once',
  'structures are used from outside',
  'a stale writer is refused',
  'a write comes late, and is refused',
  'a lease is lost',
  'a resource refuses a former holder',
  'a user that holds a lease dies',
  'nobody knows whether a call had an effect',
  'a session is forgotten',
  'structures are called that were closed',
  'an item is delivered again',
  'an item is one that came before',
  'a lock is taken from its holder',
  'a receipt is of no use any more',
  'a round is completed',
  'a key is used again',
  'an entry is there for a while',
  'an item is kept for longer',
  'several entries are put at once',
  'several items are put in at once',
  'several items are done at once',
  'items are worked on as they come',
  'an item is on the list of the dead',
  'an entry is given its time anew',
  'somebody meets all that is there',
  'a change is told',
  'a watcher misses changes',
  'more copies are lost than must be outlived',
] as const

const onDisks = ['a disk is lost for good', 'a queue is full'] as const

/** No journal that all share writes late, and nothing is lost with nodes, or all of them. */
const notOnDisks: ReadonlySet<string> = new Set([
  'a write comes late, and is refused',
  'more copies are lost than must be outlived',
])

/** The same where copies are on the disks of nodes. */
export const structuresDiskRareStates: readonly string[] = [
  ...structuresRareStates.filter((state) => !notOnDisks.has(state)),
  ...onDisks,
]

export type StructuresRareState = (typeof structuresRareStates)[number] | (typeof onDisks)[number]
