import { measureReplicator, type Sizes } from '../replicator/measure.ts'
import type { Scenario } from '../scenario.ts'

const sizes: Sizes = {
  writers: 3,
  times: { warmUpMs: 1_000, measuredMs: 1_000 },
  followers: [3, 5, 10],
  changes: 50,
  idlers: 5,
  settleMs: 5_000,
  idleMs: 10_000,
  keys: 10_000,
  weighed: 10_000,
}

/** Values of `@casty/replicator`, on processes over TCP on loopback, with the options that a user gets. */
export const scenario: Scenario = {
  name: 'replicator',
  description:
    'changes of values on every member, here and at a majority; until all have one; idle digests; bytes per element',
  repetitions: 3,
  async run(context) {
    const rows = await measureReplicator(sizes, context)
    return { title: '@casty/replicator, TCP on loopback, defaults', rows, notes }
  },
}

const notes = [
  'A change is one call of update() that is waited for: local, it is made here at once and told to the others every 5 ms; of a majority, others have it before.',
  'A change → at all: from the call until a listener on the last node hears of it, on the clock that all processes share; one change at a time.',
  'Bytes sent by an idle node are those of membership too: the row without values tells how many. Digests go to one other node every two seconds.',
  'In memory: heap in use after a collection, beside what was before. Elements are texts of 16 letters, counters have been incremented once.',
]
