// What a shard waits for before it is given to anybody, in words for people, and in numbers for who decides by them.
import type { NodeIdentity } from '@casty/transport'
import { lineageCopies, textOfLineage, type LineageCopies } from '../lineage-copies.ts'
import { awaited } from './enough.ts'
import { askedFor, told, toldLineages, type Promotion } from './promotion.ts'

export interface Waiting {
  /** In a sentence or more. */
  readonly text: string
  /** Of several between which people have to decide; else empty. */
  readonly lineages: readonly LineageCopies[]
  /** The addresses of nodes whose disks had copies of its type, and are waited for; else empty. */
  readonly disks: readonly string[]
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
    return { text: `${amongLineages(promotion, lineages)} ${have}`, lineages, disks: [] }
  }
  const mustWait = promotion.settings.disks > 0 && !isEnough
  return mustWait
    ? forDisks(promotion, have, recoveryTimeoutMs)
    : { text: have, lineages: [], disks: [] }
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

function forDisks(promotion: Promotion, have: string, recoveryTimeoutMs: number): Waiting {
  const end = Number.isFinite(recoveryTimeoutMs) ? ', or recoveryTimeoutMs has passed' : ''
  const lacking = awaited(promotion).filter(({ missing }) => missing > 0)
  const disks = [...new Set(lacking.flatMap(({ silent }) => silent))]
  const missing = Math.max(0, ...lacking.map(({ missing: few }) => few))
  const text = [
    `It waits for disks: nothing begins before so many have told that nothing confirmed can be missing${end}.`,
    have,
    disks.length > 0 &&
      `Nobody has told what was on the disks of ${disks.join(', ')}, which had copies of its type: at least ${missing} of them must.`,
    ...whoIsHere(promotion, disks),
    `Where they do not come back, recover(${promotion.shard}) goes on without them.`,
  ]
  return { text: text.filter((one) => one !== false).join(' '), lineages: [], disks }
}

/** A node is there, and its disk is not, or does not count: waiting for it brings nothing. */
function whoIsHere(promotion: Promotion, disks: readonly string[]): readonly string[] {
  const here = askedFor(promotion).filter(
    (node) => told(promotion, node) && disks.includes(node.address.toString()),
  )
  const replaced = here.filter((node) => hasOtherDisk(promotion, node))
  const same = here.filter((node) => !replaced.includes(node))
  return [
    ...sentence(replaced, 'is here with another disk', 'are here with other disks'),
    ...sentence(
      same,
      'is here, and does not count: it may know too little',
      'are here, and do not count: they may know too little',
    ),
  ]
}

/** Whether its disk is newer than a life of it in which it had copies; or says nothing of any. */
function hasOtherDisk({ row, told: reports }: Promotion, { key, address }: NodeIdentity): boolean {
  const censuses = reports.get(key)?.censuses ?? []
  const diskSince = Math.max(...censuses.map((census) => census.diskSince))
  const known = [...reports.values()].flatMap((report) => report.censuses)
  const named = [...known.flatMap(({ hosts }) => hosts), ...(row.owner ? [row.owner] : [])]
  const isBefore = (life: NodeIdentity): boolean =>
    life.address.equals(address) && life.incarnation < diskSince
  return censuses.length === 0 || named.some(isBefore)
}

function sentence(nodes: readonly NodeIdentity[], is: string, are: string): readonly string[] {
  if (nodes.length === 0) return []
  const names = new Set(nodes.map((node) => node.address.toString()))
  return [`Of these, ${[...names].join(', ')} ${names.size === 1 ? is : are}.`]
}
