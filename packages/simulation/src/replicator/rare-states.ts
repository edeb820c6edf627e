// States that a set of runs must have come to: where values converge with most trouble.
export const replicatorRareStates = [
  'everybody dies at once',
  'a disk is lost for good',
  'a node comes back with what it kept',
  'a call is not confirmed',
  'a read is judged by what was confirmed',
  'a change is lost with all who knew it',
  'a delta leaves a gap',
  'digests bring what was missing',
  'a node that is gone is pruned',
  'a write is confirmed by all',
] as const

const outsideStates = [
  'values are changed from outside',
  'a client goes on with another contact',
  'members refuse what a client changed',
  'a client is told what was refused after its call',
] as const

export type ReplicatorRareState =
  | (typeof replicatorRareStates)[number]
  | (typeof outsideStates)[number]

/** … and with whoever is outside. */
export const clientRareStates: readonly ReplicatorRareState[] = [
  ...replicatorRareStates,
  ...outsideStates,
]
