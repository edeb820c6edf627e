// States that a set of runs must have come to: where handing over, and the right to act, are hardest.
export const shardingRareStates = [
  'a coordinator dies in its term',
  'a coordinator dies during a handoff',
  'an owner dies during a handoff',
  'the new owner dies during a handoff',
  'somebody leaves during a handoff',
  'somebody joins during a handoff',
  'two take themselves for the one who may give out shards',
  'a coordinator resigns',
  'a table is begun anew',
  'a table is sent as a whole',
  'a lease runs out while a handler waits',
  'a lease runs out, and comes back to the same epoch',
  'a message waits until its node has a lease',
  'a message comes back, and is sent on',
  'a message comes back too late',
  'a message is held until the table has come',
  'a message waits for a home',
  'a message waited too long',
  'an entity is stopped by force',
  'an entity hands over its state',
  'an entity is passivated',
  'a stale writer is refused',
  'a write comes late, and is refused',
  'a shard goes to another while its owner stands still',
  'everybody dies at once',
  'an epoch is below what has written',
  'copies go to another owner when theirs dies',
  'entities are reached from outside',
  'more copies are lost than must be outlived',
] as const

const twoAct = 'two act at a time, by clocks that are off'

/** What clocks lead to that are off by more than anything assumes. */
export const clockRareStates: readonly [...typeof shardingRareStates, typeof twoAct] = [
  ...shardingRareStates,
  twoAct,
]

const noDiskStates = [
  // Nothing that is confirmed is lost with a disk or two.
  'more copies are lost than must be outlived',
]

const diskLost = 'a disk is lost for good'

/** What nodes come to that keep copies on disks. */
export const diskRareStates: readonly string[] = [
  ...shardingRareStates.filter((state) => !noDiskStates.includes(state)),
  diskLost,
]

export type ShardingRareState = (typeof clockRareStates)[number] | typeof diskLost
