// What the stability window watches: who is there, how far along, and in reach.
import type { Member, MemberStatus, NodeKey } from '@casty/membership'
import type { SbrView } from '../view.ts'

interface Figure {
  readonly status: MemberStatus
  readonly unreachable: boolean
  /** It was unreachable, and there is still somebody who accuses it. */
  readonly isLost: boolean
}

/** The members of the own data center as far as a change of them restarts the window. */
export type Picture = ReadonlyMap<NodeKey, Figure>

/** What came between two pictures. */
export interface PictureChange {
  /** Somebody came up, went, was downed, or changed in reach: what was seen before is no longer so. */
  readonly restarts: boolean
  /** Somebody became unreachable. */
  readonly lost: boolean
  /** Somebody had been unreachable whom nobody accuses any more. */
  readonly regained: boolean
  /** Somebody was downed: a decision was made, here or elsewhere. */
  readonly downed: boolean
}

const noChange: PictureChange = {
  restarts: false,
  lost: false,
  regained: false,
  downed: false,
}

/** @param suspected - members that somebody accuses, whether or not the vote counts */
export function pictureOf(
  view: SbrView,
  suspected: ReadonlySet<NodeKey>,
  before?: Picture,
): Picture {
  return new Map(
    view.members
      .filter((member) => member.dataCenter === view.dataCenter)
      .map(({ key, status }) => {
        const unreachable = view.unreachable.has(key)
        const isLost = unreachable || (before?.get(key)?.isLost === true && suspected.has(key))
        return [key, { status, unreachable, isLost }]
      }),
  )
}

/**
 * Joining, weakly up, leaving, and the removal of whoever was downed or exiting restart nothing: they
 * change neither who counts nor who is in reach, and a flood of joiners must not defer a decision.
 */
export function changeBetween(before: Picture, after: Picture): PictureChange {
  let change = noChange
  for (const [key, now] of after) change = union(change, changeOf(before.get(key), now))
  for (const [key, { status }] of before) {
    if (after.has(key) || isOnTheWayOut(status)) continue
    change = union(change, { ...noChange, restarts: true }) // What came between was not seen here.
  }
  return change
}

function changeOf(before: Figure | undefined, now: Figure): PictureChange {
  const isNewStatus = before?.status !== now.status
  const reachability = (before?.unreachable ?? false) !== now.unreachable
  const restarting = isNewStatus && (now.status === 'up' || isOnTheWayOut(now.status))
  // That an accuser only came to doubt itself makes nobody come and go.
  const isRegained = before?.isLost === true && !now.isLost && !isOnTheWayOut(now.status)
  if (!restarting && !reachability && !isRegained) return noChange
  return {
    restarts: restarting || reachability,
    lost: reachability && now.unreachable,
    regained: isRegained,
    downed: isNewStatus && now.status === 'down',
  }
}

function union(left: PictureChange, right: PictureChange): PictureChange {
  if (right === noChange) return left
  return {
    restarts: left.restarts || right.restarts,
    lost: left.lost || right.lost,
    regained: left.regained || right.regained,
    downed: left.downed || right.downed,
  }
}

/** It is not counted any more, nor downed. */
export function isOnTheWayOut(status: MemberStatus): boolean {
  return status === 'exiting' || status === 'down'
}

/** Unreachable members of the own data center over whom nothing is decided yet. */
export function undecidedMembers(view: SbrView): readonly Member[] {
  return view.members.filter(
    ({ key, status, dataCenter }) =>
      dataCenter === view.dataCenter && view.unreachable.has(key) && !isOnTheWayOut(status),
  )
}
