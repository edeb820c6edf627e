// States that a set of runs must have come to.
export const journalRareStates = [
  'a torn end is cut off',
  'a writer is fenced',
  'a write is refused for want of room',
  'a write that failed is taken back',
  'nobody knows how the log ends',
  'what was not acknowledged is there after all',
  'what was not acknowledged is gone',
  'an actor begins with a snapshot',
  'a file is begun',
  'a file is given back',
  'several writers share a flush',
  'the power goes while a journal is opened',
  'another process is kept out',
  'a stale writer is refused',
  'damage is told of',
  'what is left beside damage is read',
] as const

export type JournalRareState = (typeof journalRareStates)[number]
