// How long the picture has been quiet, and how long it has not.
import type { SbrView } from '../view.ts'
import { changeBetween, pictureOf, undecidedMembers, type Picture } from './picture.ts'

/**
 * Kept while somebody is unreachable.
 *
 * Invariant: `firstChangeAt` is set while there is somebody over whom nothing is decided.
 */
export interface Stability {
  readonly picture: Picture
  /** When the window began that has to pass without a change. */
  readonly quietSince: number
  /** The first change in reach that nothing was decided on since. */
  readonly firstChangeAt: number | undefined
  /** Somebody became reachable again since then: the picture does not only grow. */
  readonly isFlapping: boolean
}

/** Begins to watch, or begins anew where what was seen so far can be trusted no more. */
export function beginWindow(view: SbrView, now: number): Stability | undefined {
  const picture = pictureOf(view)
  if (![...picture.values()].some(({ unreachable }) => unreachable)) return undefined
  const firstChangeAt = undecidedMembers(view).length === 0 ? undefined : now
  return { picture, quietSince: now, firstChangeAt, isFlapping: false }
}

/** What becomes of a window when the picture may have changed. */
export function followPicture(
  before: Stability,
  view: SbrView,
  now: number,
): { readonly stability: Stability | undefined; readonly hasRestarted: boolean } {
  const begun = beginWindow(view, now)
  if (!begun) return { stability: undefined, hasRestarted: true }
  const change = changeBetween(before.picture, begun.picture)
  const { restarts: hasRestarted } = change
  const quietSince = hasRestarted ? now : before.quietSince
  // A decision was made on what was seen until now: what is left is a picture of its own.
  const isDecided = begun.firstChangeAt === undefined || change.downed
  const since = isDecided ? begun : before
  const stability: Stability = {
    picture: begun.picture,
    quietSince,
    firstChangeAt: isDecided ? begun.firstChangeAt : (before.firstChangeAt ?? now),
    isFlapping: since.isFlapping || (!isDecided && change.regained),
  }
  return { stability, hasRestarted }
}
