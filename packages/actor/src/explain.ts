// Why an actor does what it does, above all when that is nothing: for people.
import type { Cell, Stage } from './cell.ts'
import type { Asked } from './extras.ts'
import { Envelope } from './envelope.ts'
import { nothing } from './nothing.ts'

/** What an actor is about, at one moment. */
export interface Explanation {
  /** Why it is stuck, or what it does, in a sentence or two. */
  readonly summary: string
  readonly path: string
  /**
   * `starting`: it is being set up. `active`: it handles messages. `paused`: it failed, and its parent is to
   * decide. `restarting`, `stopping`: its children stop, a hook runs, or the pause before a restart lasts.
   */
  readonly stage: Stage
  /** It waits for a promise of its behavior, and handles nothing meanwhile. */
  readonly awaits: { readonly what: string; readonly forMs: number } | undefined
  /** Whom it has asked, and who has not answered yet: a question each. */
  readonly asks: readonly string[]
  /** Who waits for the question that it is handling, the one who asked it last; and so on back. */
  readonly askedBy: readonly string[]
  readonly mailbox: { readonly size: number; readonly capacity: number }
  readonly stash: { readonly size: number; readonly capacity: number }
  readonly children: readonly string[]
  readonly restarts: number
}

/** As many actors are followed that wait for each other. */
const longestChain = 10

export function explain(cell: Cell): Explanation {
  const { capacity, stashCapacity } = cell.settings
  return {
    summary: summaryOf(cell),
    path: cell.path,
    stage: cell.stage,
    awaits: cell.held && { what: heldBy(cell), forMs: heldForMs(cell) },
    asks: asked(cell).map(({ path }) => path),
    askedBy: askersOf(cell),
    mailbox: { size: cell.mailbox.size, capacity },
    stash: { size: cell.extras?.stash?.size ?? 0, capacity: stashCapacity },
    children: childrenOf(cell),
    restarts: cell.extras?.restarts ?? 0,
  }
}

function asked(cell: Cell): readonly Asked[] {
  return [...(cell.extras?.asking ?? [])]
}

function childrenOf(cell: Cell): readonly string[] {
  const children = [...(cell.knownTies?.children.values() ?? [])]
  return children.filter(({ stage }) => stage !== 'stopped').map(({ path }) => path)
}

function askersOf(cell: Cell): readonly string[] {
  const paths: string[] = []
  for (let call = cell.call; call; call = call.before) paths.push(call.cell.path)
  return paths
}

function heldForMs(cell: Cell): number {
  return cell.held ? cell.runtime.clock.now() - cell.held.since : 0
}

function heldBy(cell: Cell): string {
  switch (cell.stage) {
    case 'starting':
      return 'its setup'
    case 'restarting':
      return 'its preRestart hook'
    case 'stopping':
      return 'its postStop hook'
    default:
      return cell.current === nothing ? 'the setup of what it becomes' : messageOf(cell.current)
  }
}

/** Names the type, not the contents. */
function messageOf(item: unknown): string {
  const message = item instanceof Envelope ? item.content : item
  if (typeof message !== 'object' || message === null) return 'a message'
  try {
    return 'type' in message && typeof message.type === 'string'
      ? `a message of type ${message.type.slice(0, 100)}`
      : 'a message'
  } catch {
    return 'a message' // It does not want to be looked at.
  }
}

function summaryOf(cell: Cell): string {
  const said = `${cell.path} ${doingOf(cell, new Set())}.`
  const { size } = cell.mailbox
  if (size === 0 || cell.stage === 'stopped') return said
  return `${said} ${size === 1 ? 'A message waits' : `${size} messages wait`} for it.`
}

function doingOf(cell: Cell, seen: Set<Cell>): string {
  if (seen.size >= longestChain) return 'waits as well'
  seen.add(cell)
  if (cell.held)
    return `has waited for ${heldBy(cell)} for ${Math.round(heldForMs(cell))} ms${whom(cell, seen)}`
  const { size = 0 } = cell.knownTies?.children ?? {}
  switch (cell.stage) {
    case 'starting':
      return 'is about to be set up'
    case 'paused':
      return `failed, and waits for its parent to decide${parentOf(cell, seen)}`
    case 'restarting':
      if (size > 0) return `is to begin anew when its children have stopped${childOf(cell, seen)}`
      return `pauses before it begins anew, for the ${cell.extras?.restarts}. time`
    case 'stopping':
      return `is to stop when its children have${childOf(cell, seen)}`
    case 'stopped':
      return cell.ending === 'failed' ? 'failed, and has stopped' : 'has stopped'
    case 'active':
      return activeOf(cell)
  }
}

function activeOf(cell: Cell): string {
  const aside = cell.extras?.stash?.size ?? 0
  if (cell.mailbox.size > 0) return 'is about to handle messages'
  return aside > 0 ? `has put ${aside} messages aside, and waits for another` : 'has nothing to do'
}

function whom(cell: Cell, seen: Set<Cell>): string {
  const first = asked(cell).find(({ call }) => !call.isPiped)
  if (!first) return ''
  const its = `, and for the answer of ${first.path}`
  if (!first.cell) return its
  return seen.has(first.cell)
    ? `${its}, which waits for it`
    : `${its}, which ${doingOf(first.cell, seen)}`
}

function childOf(cell: Cell, seen: Set<Cell>): string {
  const [child] = cell.knownTies?.children.values() ?? []
  return child ? `: ${child.path} ${doingOf(child, seen)}` : ''
}

function parentOf({ parent }: Cell, seen: Set<Cell>): string {
  return parent?.held && !seen.has(parent) ? `, which ${doingOf(parent, seen)}` : ''
}
