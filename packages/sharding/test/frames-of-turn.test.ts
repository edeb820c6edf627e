// What a node has to say to others in one turn, in few frames.
import { NodeAddress, NodeIdentity } from '@casty/transport'
import { expect, test } from 'vitest'
import { FramesOfTurn, partsOfFrame } from '../src/replication/frames-of-turn.ts'

const nodes = ['a', 'b', 'c'].map((host) => NodeIdentity.of(NodeAddress.of(host, 1), 1))
const [a, b] = nodes as [NodeIdentity, NodeIdentity] // There are three.

class Turn {
  /** Frames that were sent, as the node and the first byte of each part. */
  readonly sent: string[] = []
  readonly #ends: (() => void)[] = []
  readonly frames = new FramesOfTurn({
    send: (to, frame) => {
      const parts = Array.from(partsOfFrame(frame, 0, frame.length), ([first]) => first)
      this.sent.push(`${to.address.host} ${parts.join(' ')}`)
    },
    atEndOfTurn: (callback) => this.#ends.push(callback),
  })

  add(to: NodeIdentity, ...parts: readonly number[]): void {
    for (const part of parts) this.frames.add(to, Uint8Array.of(part))
  }

  end(): void {
    for (const end of this.#ends.splice(0)) end()
  }
}

test('what is for one node in one turn is one frame, in the order in which it was added', () => {
  const turn = new Turn()
  turn.add(a, 1, 2)
  turn.add(b, 3)
  turn.add(a, 4)
  expect(turn.sent).toEqual([])
  turn.end()
  expect(turn.sent).toEqual(['a 1 2 4', 'b 3'])
  turn.add(b, 5)
  turn.end()
  expect(turn.sent.slice(2)).toEqual(['b 5'])
})

test('a part may be written anew as soon as it was added', () => {
  const turn = new Turn()
  const part = Uint8Array.of(1)
  turn.frames.add(a, part)
  part[0] = 9
  turn.end()
  expect(turn.sent).toEqual(['a 1'])
})

test('a frame that is long enough leaves before the end of the turn, and a long part is alone', () => {
  const turn = new Turn()
  turn.add(a, 1)
  expect(turn.frames.add(a, new Uint8Array(60_000).fill(2))).toBe(false)
  expect(turn.frames.add(a, new Uint8Array(60_000).fill(3))).toBe(true)
  expect(turn.sent).toEqual(['a 1 2'])
  turn.frames.add(a, new Uint8Array(200_000).fill(4))
  turn.add(a, 5)
  expect(turn.sent).toEqual(['a 1 2', 'a 3', 'a 4'])
  turn.end()
  expect(turn.sent.at(-1)).toBe('a 5')
})

test('whoever may be gone is forgotten, and nothing that waits for it is', () => {
  const turn = new Turn()
  turn.add(a, 1)
  turn.end()
  turn.add(b, 2)
  turn.frames.forgetIdle()
  turn.add(a, 3)
  turn.end()
  expect(turn.sent).toEqual(['a 1', 'b 2', 'a 3'])
})
