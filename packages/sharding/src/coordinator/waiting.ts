// What a shard waits for before it is given to anybody, in words for people, and in numbers for who decides by them.
import { lineageCopies, textOfLineage, type LineageCopies } from '../lineage-copies.ts'
import { awaited } from './enough.ts'
import { askedFor, told, toldLineages, type Promotion } from './promotion.ts'

export interface Waiting {
  /** In a sentence or more. */
  readonly text: string
  /** Of several between which people have to decide; else empty. */
  readonly lineages: readonly LineageCopies[]
}

/**
 * @param isEnough - whether whatever was confirmed is with somebody who told
 * @param recoveryTimeoutMs - after which it goes on by itself
 */
export function waitingOf(
  promotion: Promotion,
  isEnough: boolean,
  recoveryTimeoutMs: number,
): Waiting {
  const asked = askedFor(promotion)
  const silent = asked.filter((node) => !told(promotion, node))
  const missing = silent.length === 0 ? '' : `, and not ${silent.join(', ')}`
  const have = `${asked.length - silent.length} of the nodes that may have copies of it have told what they have${missing}.`
  const lineages = toldLineages(promotion).map(lineageCopies)
  if (lineages.length > 1) {
    return { text: `${amongLineages(promotion, lineages)} ${have}`, lineages }
  }
  const mustWait = promotion.settings.disks > 0 && !isEnough
  return { text: mustWait ? forDisks(promotion, have, recoveryTimeoutMs) : have, lineages: [] }
}

function amongLineages(
  { shard, settings: { disks } }: Promotion,
  lineages: readonly LineageCopies[],
): string {
  const sides = lineages.map(textOfLineage).join('; or ')
  // With one, that says nothing: each of them is on so many.
  const evidence =
    disks > 1
      ? ` What was confirmed is on the disks of ${disks} nodes, unless some of these were lost, or fewer were there.`
      : ''
  return `It has copies of several lineages, and neither knows what was confirmed in the other: name the one that is to count, as in recover(${shard}, { lineage }). They are ${sides}.${evidence}`
}

function forDisks(promotion: Promotion, have: string, recoveryTimeoutMs: number): string {
  const end = Number.isFinite(recoveryTimeoutMs) ? ', or recoveryTimeoutMs has passed' : ''
  const lost = [...new Set(awaited(promotion).flatMap((one) => one.silent))]
  const ofHosts =
    lost.length === 0
      ? ''
      : ` Nobody has told what was on the disks of ${lost.join(', ')}, which had copies of its type.`
  return `It waits for disks: nothing begins before so many have told that nothing confirmed can be missing${end}. ${have}${ofHosts} Where they do not come back, recover(${promotion.shard}) goes on without them.`
}
