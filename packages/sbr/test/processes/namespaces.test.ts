// With packets that are really dropped, where the machine allows it. Side by side, as with the relay.
import { downRemovalMarginMs } from '@casty/sbr'
import { expect, test } from 'vitest'
import { namespaceNetwork, namespacesLack } from './namespaces.ts'
import { cutOnePair, cutThreeFromTwo, silenceOneWay, size } from './scenarios.ts'

const timeout = 120_000
const lack = namespacesLack()
if (lack !== undefined) console.warn(`Packets are not dropped for real here: ${lack}.`)
const onKernel = test.skipIf(lack !== undefined).concurrent

onKernel('of five cut 3|2 by dropped packets the two stop, and the three go on', { timeout }, () =>
  cutThreeFromTwo(namespaceNetwork(size)),
)

onKernel('a node that no packet reaches goes, and nobody else does', { timeout }, async () => {
  expect(await silenceOneWay(namespaceNetwork(size), 'deaf')).toBeLessThan(downRemovalMarginMs())
})

onKernel('a node whose packets reach nobody goes, and nobody else does', { timeout }, async () => {
  expect(await silenceOneWay(namespaceNetwork(size), 'mute')).toBeLessThan(downRemovalMarginMs())
})

onKernel('a pair whose packets are dropped costs nobody his membership', { timeout }, () =>
  cutOnePair(namespaceNetwork(size)),
)
