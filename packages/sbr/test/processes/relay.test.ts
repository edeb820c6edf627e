// Through a relay, which holds what is sent across a cut. These tests mostly wait, so they run side by side.
import { downRemovalMarginMs } from '@casty/sbr'
import { expect, test } from 'vitest'
import { relayNetwork } from './network.ts'
import {
  cutOnePair,
  cutThreeFromTwo,
  flapOneNode,
  killTwo,
  silenceOneWay,
  stopOne,
} from './scenarios.ts'

const timeout = 120_000

test.concurrent(
  'of five cut 3|2 the two stop, the three go on, and the two are members again once it is mended',
  { timeout },
  async () => cutThreeFromTwo(await relayNetwork()),
)

test.concurrent(
  'a node that hears nobody but is heard goes, and nobody else does',
  { timeout },
  async () => {
    expect(await silenceOneWay(await relayNetwork(), 'deaf')).toBeLessThan(downRemovalMarginMs())
  },
)

test.concurrent(
  'a node that hears everybody and is not heard goes, and nobody else does',
  { timeout },
  // However late it stops: what nobody acknowledges goes on arriving through the relay until the others
  // hang up on the node, and only then it begins to notice.
  async () => void (await silenceOneWay(await relayNetwork(), 'mute')),
)

test.concurrent(
  'a pair that cannot reach each other costs nobody his membership',
  { timeout },
  async () => cutOnePair(await relayNetwork()),
)

test.concurrent('a link that flaps costs at most the node behind it', { timeout }, async () =>
  flapOneNode(await relayNetwork()),
)

test.concurrent('of five the three that are left by SIGKILL go on', { timeout }, async () =>
  killTwo(await relayNetwork()),
)

test.concurrent('nobody is downed for standing still for 3 s', { timeout }, async () =>
  stopOne(await relayNetwork()),
)
