// The way of messages from a node, where the connection has less room than wants to go.
import { NodeIdentity } from '@casty/transport'
import { expect, test } from 'vitest'
import { Letter } from '../src/region/letter.ts'
import { RegionTally } from '../src/region/region-tally.ts'
import { Sending } from '../src/region/sending.ts'

const self = NodeIdentity.parse('a:1#1')
const owner = NodeIdentity.parse('b:1#1')
const keeper = { pathOf: (id: string) => id, takesBack: () => false, dropped: () => {} }

class Way {
  now = 0
  /** How many more the connection takes. */
  room = 0
  readonly sent: unknown[] = []
  readonly dropped: string[] = []
  readonly sending: Sending = new Sending(
    1,
    { maxPerShard: 100, maxTotal: 100, timeoutMs: 1_000 },
    {
      around: {
        self,
        drainTimeoutMs: 1_000,
        fenceAgainMs: 500,
        behindTimeoutMs: 1_000,
        isReachable: () => true,
        nextToken: () => 1,
      },
      tally: new RegionTally(),
      now: () => this.now,
      deliverHere: (letter) => this.sent.push(`here ${String(letter.message)}`),
      send: (_to, _epoch, letter) => {
        if (this.room === 0) return false
        this.room--
        this.sent.push(letter.message)
        return true
      },
      sendShares: () => ({ sent: 0, dropped: [], errors: [] }),
      sendFence: () => {},
      drop: (letter, reason) => this.dropped.push(`${reason} ${String(letter.message)}`),
      deadlineMoved: () => {},
    },
  )

  tell(message: number): void {
    this.sending.dispatch(new Letter(keeper, 0, 'e', message))
  }

  settle(node: NodeIdentity): void {
    this.sending.homeChanged(0, { epoch: 1, owner: node, movingTo: undefined })
  }

  pass(ms: number): void {
    this.now += ms
    this.sending.tick()
  }
}

test('what waited for a home goes as far as there is room, and in order', () => {
  const way = new Way()
  for (let message = 1; message <= 5; message++) way.tell(message)
  way.room = 2
  way.settle(owner)
  way.tell(6) // It must not overtake those that wait.
  expect(way.sent).toEqual([1, 2])
  way.room = 3
  way.pass(20)
  way.room = 10
  way.tell(7)
  expect(way.sent).toEqual([1, 2, 3, 4, 5])
  way.pass(20)
  way.tell(8)
  expect(way.sent).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect(way.dropped).toEqual([])
  expect(way.sending.nextDeadline()).toBeUndefined()
})

test('what finds no room in time is dropped as overdue', () => {
  const way = new Way()
  way.tell(1)
  way.settle(owner)
  for (let time = 0; time < 60; time++) way.pass(20)
  expect(way.dropped).toEqual(['overdue 1'])
  way.tell(2) // Nothing is before it.
  expect(way.dropped).toEqual(['overdue 1', 'not-sent 2'])
})

test('what waits for room is handled here where the shard comes here', () => {
  const way = new Way()
  way.tell(1)
  way.settle(self)
  way.tell(2)
  expect(way.sent).toEqual(['here 1', 'here 2'])
})
