// How long the picture has been quiet, how long it has not, and who was heard of meanwhile.
import type { NodeKey } from '@casty/membership'
import type { SbrView } from '../view.ts'
import { beginHearing, hear, hearLater, type Hearing } from './hearing.ts'
import { changeBetween, pictureOf, undecidedMembers, type Picture } from './picture.ts'

/**
 * Kept while somebody is unreachable, or suspected to be.
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
}

/** What a window is made of. */
interface Sight {
  readonly now: number
  readonly view: SbrView
  readonly version: number
  readonly suspected: ReadonlySet<NodeKey>
}

/** Begins to watch, or begins anew where what was seen so far can be trusted no more. */
export function beginWindow(
  { now, view, version, suspected }: Sight,
  before?: Picture,
): Stability | undefined {
  if (view.unreachable.size === 0 && suspected.size === 0) return undefined
  const picture = pictureOf(view, suspected, before)
  const firstChangeAt = undecidedMembers(view).length === 0 ? undefined : now
  const hearing = beginHearing(view, version, now)
  const calm = { hasRegained: false, isFlapping: false }
  return { picture, quietSince: now, firstChangeAt, ...calm, hearing }
}

/**
 * The window of a node that stood still for a moment: what it counts is put off by as long as it saw
 * nothing, and quiet begins anew. It does not begin anew as a whole, or a node that is always a little
 * late would never find that its side is lost.
 */
export function putOff(before: Stability, byMs: number, now: number): Stability {
  const { firstChangeAt, hearing } = before
  return {
    ...before,
    quietSince: now,
    firstChangeAt: firstChangeAt === undefined ? undefined : firstChangeAt + byMs,
    hearing: hearLater(hearing, byMs),
  }
}

/** What becomes of a window when the picture may have changed. */
export function followPicture(
  before: Stability,
  sight: Sight,
): { readonly stability: Stability | undefined; readonly hasRestarted: boolean } {
  const { now, view, version } = sight
  const begun = beginWindow(sight, before.picture)
  if (!begun) return { stability: undefined, hasRestarted: true }
  const change = changeBetween(before.picture, begun.picture)
  // A decision was made on what was seen until now: what is left is a picture of its own.
  const isDecided = begun.firstChangeAt === undefined || change.downed
  const stability: Stability = {
    picture: begun.picture,
    quietSince: change.restarts ? now : before.quietSince,
    firstChangeAt: isDecided ? begun.firstChangeAt : (before.firstChangeAt ?? now),
    hasRegained: !isDecided && (before.hasRegained || change.regained),
    isFlapping: !isDecided && (before.isFlapping || (before.hasRegained && change.lost)),
    hearing: hear(before.hearing, view, version, now),
  }
  return { stability, hasRestarted: change.restarts }
}
