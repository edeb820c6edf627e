// What becomes of five nodes, with split-brain resolution as it comes, when the network between them
// fails. The promises are the same whatever the network is made of.
import { setTimeout as pause } from 'node:timers/promises'
import { downRemovalMarginMs } from '@casty/sbr'
import { expect } from 'vitest'
import { Fleet } from './fleet.ts'
import type { Network } from './network.ts'
import type { NodeProcess } from './node-process.ts'

export const size = 5

/**
 * From a cut until the losers are gone: at most 5.3 s of silence, and 5 s of quiet. The rest is for
 * machines that do other things as well.
 */
export const promisedMs = 45_000

/** Three go on, two stop by themselves, and are members again once the cut is mended. */
export async function cutThreeFromTwo(network: Network): Promise<void> {
  await using fleet = await Fleet.start(size, network)
  const [winners, losers] = [fleet.nodes.slice(0, 3), fleet.nodes.slice(3)]
  const cutAt = performance.now()
  fleet.partition(winners, losers)
  await untilStopped(fleet, losers)
  await fleet.untilAgreed(winners)
  expect(performance.now() - cutAt).toBeLessThan(promisedMs)
  expectDowned(fleet, losers)
  expect(overlapMs(losers, winners)).toBeLessThan(downRemovalMarginMs())
  await untilHealed(fleet)
  expect(fleet.nodes.map(({ lives }) => lives.length)).toEqual([1, 1, 1, 2, 2])
}

/**
 * The one whose link fails in one direction goes, and nobody else.
 *
 * @returns how long it was at work after the others had removed it, in milliseconds; below 0 if it was not
 */
export async function silenceOneWay(network: Network, direction: 'deaf' | 'mute'): Promise<number> {
  await using fleet = await Fleet.start(size, network)
  const [alone] = fleet.nodes
  if (!alone) throw new Error('Five were started.')
  const others = fleet.except(alone)
  if (direction === 'deaf') fleet.silence(others, [alone])
  else fleet.silence([alone], others)
  await untilStopped(fleet, [alone])
  await fleet.untilAgreed(others)
  expectDowned(fleet, [alone])
  await untilHealed(fleet)
  expect(fleet.nodes.map(({ lives }) => lives.length)).toEqual([2, 1, 1, 1, 1])
  return overlapMs([alone], others)
}

/** From when the first of the winners had removed a loser until that one had stopped; the longest. */
function overlapMs(losers: readonly NodeProcess[], winners: readonly NodeProcess[]): number {
  const overlaps = losers.map((loser) => {
    const first = loser.lives[0] ?? ''
    const removedAt = Math.min(...winners.map((winner) => winner.atMs('member-removed', first)))
    return loser.atMs('self-downed', first) - removedAt
  })
  return Math.max(...overlaps)
}

/** Longer than anybody waits for the picture to be quiet, and than he waits for it to become so. */
const longerThanAnyDecisionMs = 12_000

/** A link between two that others still reach costs nobody his membership. */
export async function cutOnePair(network: Network): Promise<void> {
  await using fleet = await Fleet.start(size, network)
  const [, left, , right] = fleet.nodes
  if (!left || !right) throw new Error('Five were started.')
  fleet.partition([left], [right])
  await fleet.until('both ends report the fault', () =>
    [left, right].every((node) => node.subjectsOf('link-fault').length > 0),
  )
  await pause(longerThanAnyDecisionMs)
  expectDowned(fleet, [])
  await untilHealed(fleet)
  expect(fleet.nodes.map(({ lives }) => lives.length)).toEqual([1, 1, 1, 1, 1])
}

const flappingMs = 20_000
/** How long the link is cut, and then whole, in turn, in milliseconds. */
const flaps = [1_000, 2_500, 3_000, 1_500, 2_000, 1_000, 2_500, 2_000, 3_000, 1_500]

/** Whose link comes and goes may be downed, but nobody else, and there are never two sides. */
export async function flapOneNode(network: Network): Promise<void> {
  await using fleet = await Fleet.start(size, network)
  const flapping = fleet.nodes.at(-1)
  if (!flapping) throw new Error('Five were started.')
  const others = fleet.except(flapping)
  const endAt = performance.now() + flappingMs
  for (let flap = 0; performance.now() < endAt; flap++) {
    if (flap % 2 === 0) fleet.partition([flapping], others)
    else network.heal()
    await pause(flaps[flap % flaps.length])
  }
  await untilHealed(fleet)
  const downed = new Set(fleet.nodes.flatMap(downedBy))
  expect([...downed].filter((key) => !flapping.lives.includes(key))).toEqual([])
  expect(others.map(({ lives }) => lives.length)).toEqual([1, 1, 1, 1])
}

/** Three are enough to go on without the two that were killed. */
export async function killTwo(network: Network): Promise<void> {
  await using fleet = await Fleet.start(size, network)
  const [killed, survivors] = [fleet.nodes.slice(0, 2), fleet.nodes.slice(2)]
  const killedAt = performance.now()
  for (const node of killed) node.send('SIGKILL')
  await fleet.untilAgreed(survivors)
  expect(performance.now() - killedAt).toBeLessThan(promisedMs)
  expect(survivors.map(({ lives }) => lives.length)).toEqual([1, 1, 1])
}

/** Standing still for 3 s is no reason to down anybody, whoever it is. */
export async function stopOne(network: Network): Promise<void> {
  await using fleet = await Fleet.start(size, network)
  const [stopped] = fleet.nodes
  if (!stopped) throw new Error('Five were started.')
  stopped.send('SIGSTOP')
  await pause(3_000)
  stopped.send('SIGCONT')
  await pause(longerThanAnyDecisionMs)
  await fleet.untilAgreed(fleet.nodes)
  expectDowned(fleet, [])
  expect(fleet.nodes.map(({ lives }) => lives.length)).toEqual([1, 1, 1, 1, 1])
}

/** The first life of each of these has learned that the cluster goes on without it. */
async function untilStopped(fleet: Fleet, nodes: readonly NodeProcess[]): Promise<void> {
  await fleet.until('the losers stop by themselves', () =>
    nodes.every((node) => node.subjectsOf('self-downed').includes(node.lives[0] ?? '')),
  )
}

/** Nobody but the first lives of these was ever downed, by anybody. */
function expectDowned(fleet: Fleet, nodes: readonly NodeProcess[]): void {
  const downed = [...new Set(fleet.nodes.flatMap(downedBy))]
  expect(downed.toSorted()).toEqual(nodes.flatMap(({ lives }) => lives[0] ?? []).toSorted())
}

function downedBy(node: NodeProcess): readonly string[] {
  return [...node.subjectsOf('member-downed'), ...node.subjectsOf('self-downed')]
}

/** The network is whole again, and every node a member of one cluster, in its present life. */
async function untilHealed(fleet: Fleet): Promise<void> {
  fleet.network.heal()
  await fleet.untilAgreed(fleet.nodes)
  expect(new Set(fleet.nodes.map(({ view }) => view.clusterId)).size).toBe(1)
}
