// A link is bad from when a peer is found to answer others alone, until there is any sign of it. Taken for
// bad for longer, it would keep both ends from telling each other anything.
import { NodeAddress, NodeIdentity } from '@casty/transport'
import { describe, expect, test } from 'vitest'
import { initialState, step, type MembershipInput, type MembershipState } from '@casty/membership'
import { testSettings } from './core-world.ts'

const self = NodeIdentity.of(NodeAddress.of('a', 1), 1)
const peer = NodeIdentity.of(NodeAddress.of('b', 1), 5)
const stranger = NodeIdentity.of(NodeAddress.of('c', 1), 1)

function after(state: MembershipState, ...inputs: readonly MembershipInput[]): MembershipState {
  const moment = { now: 10, wallNow: 10, draw: 0.5 }
  return inputs.reduce((current, input) => step(current, { ...moment, ...input })[0], state)
}

const join = { type: 'join', id: 'b', roles: [] } as const
const together = after(
  initialState(self, testSettings),
  { type: 'started', bootstrap: true },
  { type: 'message-received', from: peer, message: join },
)
const bad = after(together, { type: 'link-observed', subject: peer, isBad: true })

describe('A link to a peer that others reach', () => {
  test('is bad', () => {
    expect([...bad.badLinks]).toEqual([peer.key])
    expect(after(bad, { type: 'link-observed', subject: peer, isBad: true }).badLinks).toBe(
      bad.badLinks,
    )
  })

  test.each<[string, MembershipInput]>([
    ['it is restored', { type: 'link-observed', subject: peer, isBad: false }],
    [
      'the peer is lost altogether',
      { type: 'node-observed', subject: peer, status: 'unreachable' },
    ],
    ['the peer is there again', { type: 'node-observed', subject: peer, status: 'reachable' }],
    [
      'the peer says something',
      {
        type: 'message-received',
        from: peer,
        message: {
          type: 'gossip-status',
          versionDigest: 1,
          seenDigest: 1,
          allocationsDigest: 1,
          registryDigest: 1,
        },
      },
    ],
    ['the peer is no member any more', { type: 'down-requested', nodes: [peer] }],
  ])('is bad no more once %s', (_case, input) => {
    const lost: MembershipInput = { type: 'node-observed', subject: peer, status: 'unreachable' }
    const inputs = input.type === 'down-requested' ? [input, lost] : [input]
    expect([...after(bad, ...inputs).badLinks]).toEqual([])
  })

  test('is none of a stranger', () => {
    const state = after(together, { type: 'link-observed', subject: stranger, isBad: true })
    expect(state).toBe(together)
  })
})
