// How long the picture has been quiet, how long it has not, and who was heard of meanwhile.
import type { NodeKey } from '@casty/membership'
import type { SbrView } from '../view.ts'
import { beginHearing, hear, hearLater, settlesWithinMs, type Hearing } from './hearing.ts'
import { changeBetween, pictureOf, undecidedMembers, type Picture } from './picture.ts'

/**
 * Kept while somebody is unreachable, or suspected to be, or down; and after standing still until all have
 * been heard of, for others may have gone on meanwhile, of whom this node knows nothing.
 *
 * Invariant: `firstChangeAt` is set while there is somebody over whom nothing is decided.
 */
export interface Stability {
  readonly picture: Picture
  /** When the window began that has to pass without a change. */
  readonly quietSince: number
  /** The first change in reach that nothing was decided on since. */
  readonly firstChangeAt: number | undefined
  /** Somebody became reachable again since then. */
  readonly hasRegained: boolean
  /** And after that somebody was lost: the picture does not only grow, nor heal. */
  readonly isFlapping: boolean
  readonly hearing: Hearing
  /** When each member that is down was first seen so. */
  readonly downSince: ReadonlyMap<NodeKey, number>
  /** The node stood still until then, or began to doubt itself, and has not heard of everybody since. */
  readonly wokeAt: number | undefined
}

/** What a window is made of. */
interface Sight {
  readonly now: number
  readonly view: SbrView
  readonly version: number
  readonly suspected: ReadonlySet<NodeKey>
}

/** Watches all anew, as what was seen so far can be trusted no more. */
export function wakeUp(sight: Sight): Stability | undefined {
  return beginWindow(sight, undefined, sight.now)
}

/** Begins to watch where there is reason to. */
export function beginWindow(
  sight: Sight,
  before?: Stability,
  wokeAt?: number,
): Stability | undefined {
  const { now, view, version, suspected } = sight
  const picture = pictureOf(view, suspected, before?.picture)
  const isWatched = (key: NodeKey): boolean =>
    view.unreachable.has(key) || suspected.has(key) || picture.get(key)?.status === 'down'
  if (wokeAt === undefined && ![...picture.keys()].some(isWatched)) return undefined
  const downed = [...picture].filter(([, { status }]) => status === 'down').map(([key]) => key)
  return {
    picture,
    quietSince: now,
    firstChangeAt: undecidedMembers(view).length === 0 ? undefined : now,
    hasRegained: false,
    isFlapping: false,
    hearing: beginHearing(view, version, now),
    downSince: new Map(downed.map((key) => [key, before?.downSince.get(key) ?? now])),
    wokeAt,
  }
}

/** That it woke up is itself told to all, soon: whoever has seen that, or anything after it, is there. */
function isWaking({ wokeAt = -Infinity, hearing }: Stability, { now, view }: Sight): boolean {
  if (wokeAt === -Infinity) return false
  const isAwaited = (key: NodeKey): boolean => !view.seenBy.has(key)
  return now < wokeAt + settlesWithinMs || [...hearing.pendingSince.keys()].some(isAwaited)
}

/**
 * The window of a node that stood still for a moment: what it counts is put off by as long as it saw
 * nothing, and quiet begins anew. It does not begin anew as a whole, or a node that is always a little
 * late would never find that its side is lost.
 */
export function putOff(before: Stability, byMs: number, now: number): Stability {
  const { firstChangeAt, hearing, downSince } = before
  return {
    ...before,
    quietSince: now,
    firstChangeAt: firstChangeAt === undefined ? undefined : firstChangeAt + byMs,
    hearing: hearLater(hearing, byMs),
    downSince: new Map([...downSince].map(([key, since]) => [key, since + byMs])),
  }
}

/** What becomes of a window when the picture may have changed. */
export function followPicture(
  before: Stability,
  sight: Sight,
): { readonly stability: Stability | undefined; readonly hasRestarted: boolean } {
  const { now, view, version } = sight
  const begun = beginWindow(sight, before, isWaking(before, sight) ? before.wokeAt : undefined)
  if (!begun) return { stability: undefined, hasRestarted: true }
  const change = changeBetween(before.picture, begun.picture)
  // A decision was made on what was seen until now: what is left is a picture of its own.
  const isDecided = begun.firstChangeAt === undefined || change.downed
  const stability: Stability = {
    ...begun,
    quietSince: change.restarts ? now : before.quietSince,
    firstChangeAt: isDecided ? begun.firstChangeAt : (before.firstChangeAt ?? now),
    hasRegained: !isDecided && (before.hasRegained || change.regained),
    isFlapping: !isDecided && (before.isFlapping || (before.hasRegained && change.lost)),
    hearing: hear(before.hearing, view, version, now),
  }
  return { stability, hasRestarted: change.restarts }
}

/**
 * Members whose downing somebody has not seen who was there to see it. He may be with them now, and
 * decide with them, so they are not gone yet.
 */
export function unconfirmedDown({ downSince, hearing, picture }: Stability): ReadonlySet<NodeKey> {
  const isActive = (key: NodeKey): boolean => {
    const status = picture.get(key)?.status
    return status !== undefined && status !== 'down' && status !== 'exiting'
  }
  const latest = Math.min(
    ...[...hearing.pendingSince].filter(([key]) => isActive(key)).map(([, since]) => since),
  )
  return new Set([...downSince].filter(([, since]) => latest <= since).map(([key]) => key))
}
