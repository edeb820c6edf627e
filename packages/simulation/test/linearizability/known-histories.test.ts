import { describe, expect, test } from 'vitest'
import {
  checkLinearizable,
  counterModel,
  lockModel,
  mapModel,
  queueModel,
  registerModel,
  semaphoreModel,
  setModel,
  type CounterInput,
  type CounterOutput,
  type LockInput,
  type LockOutput,
  type MapInput,
  type MapOutput,
  type Model,
  type QueueInput,
  type QueueOutput,
  type RegisterInput,
  type RegisterOutput,
  type SemaphoreInput,
  type SemaphoreOutput,
  type SetInput,
  type SetOutput,
} from '@casty/simulation/linearizability'
import { timelines } from './timelines.ts'

type Case = readonly [
  sentence: string,
  verdict: 'linearizable' | 'not-linearizable',
  picture: string,
]
type Call<Input, Output> = readonly [Input, Output?]

function cases<State, Input, Output>(
  model: Model<State, Input, Output>,
  calls: Readonly<Record<string, Call<Input, Output>>>,
  table: readonly Case[],
): void {
  describe(`a ${model.name}`, () => {
    test.each(table)('%s: %s', (_sentence, verdict, picture) => {
      const history = timelines(picture, calls)
      expect(history.length).toBeGreaterThan(0)
      expect(checkLinearizable(history, model).type).toBe(verdict)
    })
  })
}

const good = 'linearizable'
const bad = 'not-linearizable'

cases<unknown, RegisterInput, RegisterOutput>(
  registerModel(),
  {
    w1: [{ type: 'write', value: 1 }, 'done'],
    w2: [{ type: 'write', value: 2 }, 'done'],
    r0: [{ type: 'read' }, null],
    r1: [{ type: 'read' }, 1],
    r2: [{ type: 'read' }, 2],
    cas12: [{ type: 'compare-and-set', expected: 1, value: 2 }, true],
    cas13: [{ type: 'compare-and-set', expected: 1, value: 3 }, true],
    no12: [{ type: 'compare-and-set', expected: 1, value: 2 }, false],
  },
  [
    [
      'a read during a write may see the old value, and the next one the new',
      good,
      `a: [w1            ]
       b:   [r0 ] [r1 ]`,
    ],
    [
      'a read may see a write that is still going on, and later reads must then as well',
      bad,
      `a: [w1            ]
       b:   [r1 ] [r0 ]`,
    ],
    [
      'new-old inversion between two readers',
      bad,
      `a: [w1                ]
       b:   [r1 ]
       c:         [r0 ]`,
    ],
    [
      'two readers that overlap may disagree',
      good,
      `a: [w1                ]
       b:   [r1      ]
       c:         [r0 ]`,
    ],
    [
      'stale read after a write completed',
      bad,
      `a: [w1] [w2]
       b:           [r1]`,
    ],
    [
      'a value out of thin air',
      bad,
      `a: [w1]
       b:      [r2]`,
    ],
    [
      'concurrent writes in one order for one reader and the other order for the next',
      bad,
      `a: [w1     ]
       b: [w2     ]
       c:           [r1] [r2] [r1]`,
    ],
    [
      'the order of concurrent writes is whatever the reads say',
      good,
      `a: [w1     ]
       b: [w2     ]
       c:           [r1] [r1]`,
    ],
    [
      'a write of unknown outcome may take effect long after',
      good,
      `a: [w1] [w2…
       b:         [r1] [r1]   [r2]`,
    ],
    [
      'a write of unknown outcome takes effect once',
      bad,
      `a: [w1] [w2…
       b:         [r2]   [r1]`,
    ],
    [
      'a write of unknown outcome may never take effect',
      good,
      `a: [w1] [w2…
       b:         [r1] [r1] [r1]`,
    ],
    [
      'an unknown write has no effect before it is invoked',
      bad,
      `a: [w1]        [w2…
       b:      [r2]`,
    ],
    [
      'a write that failed has no effect',
      bad,
      `a: [w1] [w2!
       b:           [r2]`,
    ],
    [
      'of two swaps from one value one succeeds',
      good,
      `a: [w1] [cas12   ]
       b:      [no12    ]`,
    ],
    [
      'two swaps from one value both succeed: not atomic',
      bad,
      `a: [w1] [cas12   ]
       b:      [cas13   ]`,
    ],
    ['a swap is refused although nothing else happened', bad, `a: [w1] [no12   ]`],
    [
      'moments that coincide are concurrent',
      good,
      `a: [w1  ]
       b:      [r0  ]`,
    ],
  ],
)

cases<unknown, CounterInput, CounterOutput>(
  counterModel(),
  {
    inc: [{ type: 'increment' }, 'done'],
    inc1: [{ type: 'increment' }, 1],
    inc2: [{ type: 'increment' }, 2],
    dec0: [{ type: 'decrement' }, 0],
    add5: [{ type: 'increment', by: 5 }, 5],
    r1: [{ type: 'read' }, 1],
    r2: [{ type: 'read' }, 2],
    r3: [{ type: 'read' }, 3],
    add2: [{ type: 'increment', by: 2 }],
  },
  [
    [
      'one value reached by different unknown increments leaves different ones to come',
      good,
      `a: [inc…
       b: [inc…
       c: [add2…
       d:          [r2] [r3]`,
    ],
    [
      'concurrent increments are both counted',
      good,
      `a: [inc    ]
       b: [inc    ]
       c:           [r2]`,
    ],
    [
      'lost update: two increments, one counted',
      bad,
      `a: [inc    ]
       b: [inc    ]
       c:           [r1]`,
    ],
    [
      'two increments are answered alike: not atomic',
      bad,
      `a: [inc1    ]
       b: [inc1    ]`,
    ],
    [
      'an increment that was retried is counted twice',
      bad,
      `a: [inc    ]
       b:           [inc2] [inc2]`,
    ],
    [
      'an unknown increment may be counted',
      good,
      `a: [inc…
       b:       [inc2]`,
    ],
    [
      'an unknown increment is not counted twice',
      bad,
      `a: [inc…
       b:        [r1] [inc2] [inc2]`,
    ],
    [
      'a decrement takes back',
      good,
      `a: [inc1] [dec0]
       b:                [add5]`,
    ],
  ],
)

cases<unknown, MapInput, MapOutput>(
  mapModel(),
  {
    putA: [{ type: 'put', entry: 'a', value: 1 }, 'done'],
    putB: [{ type: 'put', entry: 'b', value: 1 }, 'done'],
    getA: [{ type: 'get', entry: 'a' }, 1],
    noA: [{ type: 'get', entry: 'a' }, null],
    getB: [{ type: 'get', entry: 'b' }, 1],
    firstA: [{ type: 'put-if-absent', entry: 'a', value: 2 }, true],
    remA: [{ type: 'remove', entry: 'a' }, true],
    size1: [{ type: 'size' }, 1],
    size2: [{ type: 'size' }, 2],
    clear: [{ type: 'clear' }, 'done'],
  },
  [
    [
      'entries do not meddle with each other',
      good,
      `a: [putA] [getA]
       b: [putB]        [remA] [noA] [getB]`,
    ],
    [
      'two put an absent entry, and both are told they were first',
      bad,
      `a: [firstA   ]
       b: [firstA   ]`,
    ],
    ['a removed entry comes back', bad, `a: [putA] [remA] [getA]`],
    ['the size counts what was put', good, `a: [putA] [size1] [putB] [size2]`],
    ['the size forgets an entry', bad, `a: [putA] [putB] [size1]`],
    ['clearing takes everything', good, `a: [putA] [putB] [clear] [noA] [putB] [size1]`],
  ],
)

cases<unknown, SetInput, SetOutput>(
  setModel(),
  {
    add: [{ type: 'add', element: 'x' }, true],
    again: [{ type: 'add', element: 'x' }, false],
    rem: [{ type: 'remove', element: 'x' }, true],
    has: [{ type: 'contains', element: 'x' }, true],
    hasNot: [{ type: 'contains', element: 'x' }, false],
    size0: [{ type: 'size' }, 0],
  },
  [
    [
      'an element is new once',
      good,
      `a: [add     ]
       b: [again   ] [has]`,
    ],
    [
      'an element is new for two',
      bad,
      `a: [add     ]
       b: [add     ]`,
    ],
    ['an acknowledged element is lost', bad, `a: [add] [hasNot]`],
    ['an element is removed twice', bad, `a: [add] [rem] [rem]`],
    ['a set is empty after its last element went', good, `a: [add] [rem] [size0]`],
  ],
)

cases<unknown, LockInput, LockOutput>(
  lockModel(),
  {
    acqA1: [{ type: 'acquire', owner: 'a' }, 1],
    acqA: [{ type: 'acquire', owner: 'a' }],
    acqB1: [{ type: 'acquire', owner: 'b' }, 1],
    acqB2: [{ type: 'acquire', owner: 'b' }, 2],
    acqB3: [{ type: 'acquire', owner: 'b' }, 3],
    tryB: [{ type: 'try-acquire', owner: 'b' }, null],
    rel1: [{ type: 'release', token: 1 }, true],
    rel5: [{ type: 'release', token: 5 }, true],
    stale1: [{ type: 'release', token: 1 }, false],
    expA1: [{ type: 'expire', owner: 'a', token: 1 }],
    expA: [{ type: 'expire', owner: 'a', token: null }],
  },
  [
    [
      'a waiter is granted while the holder releases',
      good,
      `a: [acqA1] [rel1  ]
       b:     [acqB2   ]`,
    ],
    [
      'two hold the lock at once',
      bad,
      `a: [acqA1]         [rel1]
       b:         [acqB2]`,
    ],
    [
      'a token is given twice',
      bad,
      `a: [acqA1] [rel1]
       b:                [acqB1]`,
    ],
    [
      'a token is left out',
      good,
      `a: [acqA1] [rel1]
       b:                [acqB3]`,
    ],
    [
      'a lease runs out, and the late release is refused',
      good,
      `a: [acqA1]               [stale1]
       s:          [expA1…
       b:             [acqB2]`,
    ],
    [
      'a lease is taken away before it could run out',
      bad,
      `a: [acqA1]
       s:                  [expA1…
       b:         [acqB2]`,
    ],
    [
      'a lock is refused to one while nobody holds it',
      bad,
      `a: [acqA1] [rel1]
       b:                [tryB]`,
    ],
    [
      'an acquire nobody heard of may hold the lock',
      good,
      `a: [acqA…
       b:         [tryB]`,
    ],
    [
      'an acquire nobody heard of took a token, and its lease ends',
      good,
      `a: [acqA…
       s:           [expA…
       b:         [tryB]   [acqB2]`,
    ],
    [
      'a release tells the token of an acquire nobody heard of, and no lower one follows',
      bad,
      `a: [acqA…
       s:         [rel5]
       b:                [acqB3]`,
    ],
    [
      'an acquire nobody heard of cannot have taken the same token',
      bad,
      `a: [acqA…
       s:           [expA…
       b:         [tryB]   [acqB1]`,
    ],
  ],
)

cases<unknown, SemaphoreInput, SemaphoreOutput>(
  semaphoreModel(2),
  {
    a1: [{ type: 'acquire', owner: 'a', permits: 1 }, 'done'],
    b1: [{ type: 'acquire', owner: 'b', permits: 1 }, 'done'],
    c1: [{ type: 'acquire', owner: 'c', permits: 1 }, 'done'],
    noC: [{ type: 'try-acquire', owner: 'c', permits: 1 }, false],
    relA: [{ type: 'release', owner: 'a', permits: 1 }, true],
    expA: [{ type: 'expire', owner: 'a' }],
    free1: [{ type: 'available' }, 1],
  },
  [
    [
      'as many as there are permits',
      good,
      `a: [a1   ]       [relA]
       b: [b1   ]               [free1]
       c:        [noC]`,
    ],
    [
      'one permit too many',
      bad,
      `a: [a1   ]         [relA]
       b: [b1   ]
       c:         [c1]`,
    ],
    [
      'permits of one who died return',
      good,
      `a: [a1   ]
       s:       [expA…
       b: [b1   ]
       c:         [c1]`,
    ],
  ],
)

cases<unknown, QueueInput, QueueOutput>(
  queueModel(),
  {
    e1: [{ type: 'enqueue', value: 1 }, 'done'],
    e2: [{ type: 'enqueue', value: 2 }, 'done'],
    d1: [{ type: 'dequeue' }, 1],
    d2: [{ type: 'dequeue' }, 2],
    d: [{ type: 'dequeue' }],
    none: [{ type: 'dequeue' }, null],
    p1: [{ type: 'peek' }, 1],
    size1: [{ type: 'size' }, 1],
  },
  [
    ['first in, first out', good, `a: [e1] [e2] [p1] [d1] [size1] [d2]`],
    ['last in, first out', bad, `a: [e1] [e2] [d2] [d1]`],
    [
      'values enqueued at once leave in any order',
      good,
      `a: [e1    ]
       b: [e2    ]
       c:          [d2] [d1]`,
    ],
    [
      'a value is delivered twice',
      bad,
      `a: [e1] [d1   ]
       b:      [d1   ]`,
    ],
    ['a value is lost', bad, `a: [e1] [none]`],
    [
      'a dequeue nobody heard of may have taken the value',
      good,
      `a: [e1]      [none]
       b:      [d…`,
    ],
    [
      'a dequeue nobody heard of took one value',
      bad,
      `a: [e1] [e2]     [none]
       b:          [d…`,
    ],
  ],
)
