// Who is known to be there, as opposed to whom nobody accuses.
//
// That a member is out of reach takes time to find out: in a large cluster each node watches a few
// others, so whoever is cut off with a few finds the rest in rounds, and too few are left to outvote
// anybody. That a member is there, everybody knows in less than a second, for it has seen what was told.
// So a node that told something, and hears of nobody who saw it, learns from that silence.
import type { NodeKey } from '@casty/membership'
import type { SbrView } from '../view.ts'

/** A version of the state that lasts this long has been seen by all who can, in milliseconds. */
export const settlesWithinMs = 1_000

/** What is known of who has seen what was told. */
export interface Hearing {
  /** Of the state that was seen last, and since when it is that. */
  readonly version: number
  readonly versionSince: number
  /** Members that have not seen any state since the one of that time. */
  readonly pendingSince: ReadonlyMap<NodeKey, number>
}

/** @param version - tells the states apart that a view may be made of */
export function beginHearing(view: SbrView, version: number, now: number): Hearing {
  return { version, versionSince: now, pendingSince: pendingIn(view, new Map(), now) }
}

export function hear(before: Hearing, view: SbrView, version: number, now: number): Hearing {
  const isNews = version !== before.version
  return {
    version,
    versionSince: isNews ? now : before.versionSince,
    pendingSince: pendingIn(view, before.pendingSince, isNews ? now : undefined),
  }
}

/** For the time in which this node could hear of nobody, nobody was silent. */
export function hearLater({ version, versionSince, pendingSince }: Hearing, byMs: number): Hearing {
  const later = [...pendingSince].map(([key, since]) => [key, since + byMs] as const)
  return { version, versionSince: versionSince + byMs, pendingSince: new Map(later) }
}

/** @param since - when there was news for all; undefined where there is none */
function pendingIn(
  view: SbrView,
  before: ReadonlyMap<NodeKey, number>,
  since: number | undefined,
): ReadonlyMap<NodeKey, number> {
  const pending = new Map<NodeKey, number>()
  for (const { key, dataCenter } of view.members) {
    const at = before.get(key) ?? since
    if (at === undefined || view.seenBy.has(key)) continue
    if (dataCenter === view.dataCenter && key !== view.self) pending.set(key, at)
  }
  return pending
}

/** Members that are not known to have seen what was told at `since`, though others may reach them. */
export function unheardSince({ pendingSince }: Hearing, since: number): ReadonlySet<NodeKey> {
  return new Set([...pendingSince].filter(([, at]) => at <= since).map(([key]) => key))
}

/** Members that have been silent for `silenceMs`, and could have been heard of. */
export function silentMembers(
  { pendingSince, versionSince }: Hearing,
  silenceMs: number,
  now: number,
): ReadonlySet<NodeKey> {
  if (now < versionSince + settlesWithinMs) return new Set()
  // The very sum of `nextSilence`: a difference could round to the other side.
  const silent = [...pendingSince].filter(([, since]) => since + silenceMs <= now)
  return new Set(silent.map(([key]) => key))
}

/**
 * When next somebody will have been silent for `silenceMs`, since when what was told last had time to be
 * seen; infinity while all were heard of.
 */
export function nextSilence(
  { pendingSince, versionSince }: Hearing,
  silenceMs: number,
  now: number,
): number {
  let next = Number.POSITIVE_INFINITY
  for (const since of pendingSince.values()) {
    const at = Math.max(since + silenceMs, versionSince + settlesWithinMs)
    if (at > now && at < next) next = at
  }
  return next
}
