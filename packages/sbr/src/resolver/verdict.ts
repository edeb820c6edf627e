// What is decided on a picture: as it looks, and with those taken for lost of whom nothing is heard.
import { Member, type NodeKey } from '@casty/membership'
import { countText } from '../counting.ts'
import { rule, type Ruling } from '../ruling.ts'
import type { SbrView } from '../view.ts'
import { withoutHearsay } from './hearsay.ts'
import { unheardSince } from './hearing.ts'
import { isOnTheWayOut } from './picture.ts'
import type { ResolverSettings } from './settings.ts'
import { unconfirmedDown, type Stability } from './stability.ts'

/**
 * On the picture as it looks. Whoever has seen it, or anything after it, counts as having seen the state;
 * whoever was downed without that being seen by all counts as if he had not been.
 */
export function rulingOn(
  settings: ResolverSettings,
  stability: Stability,
  seenView: SbrView,
): Ruling {
  const unconfirmed = unconfirmedDown(stability)
  const view = withoutDowning(seenView, unconfirmed)
  const ruling = ruleOn(settings, stability, view)
  if (unconfirmed.size === 0) return ruling
  const what = `${countText(unconfirmed.size)} whose downing some have not seen`
  const down = ruling.down.filter(({ key }) => !unconfirmed.has(key))
  return { ...ruling, down, reason: `${ruling.reason} Counted still: ${what}.` }
}

/** The view as if some had not been downed, nor come back. */
function withoutDowning(view: SbrView, downed: ReadonlySet<NodeKey>): SbrView {
  if (downed.size === 0) return view
  const members = view.members.map((member) => {
    if (!downed.has(member.key)) return member
    const { node, roles, upNumber } = member
    const status = upNumber === undefined ? 'joining' : 'up'
    return Member.of({ node, status, roles, ...(upNumber !== undefined && { upNumber }) })
  })
  return { ...view, members, unreachable: new Set([...view.unreachable, ...downed]) }
}

function ruleOn(
  settings: ResolverSettings,
  { hearing, quietSince }: Stability,
  view: SbrView,
): Ruling {
  const unheard = unheardSince(hearing, quietSince)
  const seen = view.members.filter(({ key, dataCenter }) =>
    dataCenter === view.dataCenter ? !unheard.has(key) : view.seenBy.has(key),
  )
  const seenBy = new Set(seen.map(({ key }) => key))
  const ruling = rule(settings.strategy, { ...view, seenBy }, settings)
  return withoutHearsay(settings, view, ruling)
}

/** The same, with those taken for unreachable of whom nothing is heard. */
export function cautiousRulingOn(
  settings: ResolverSettings,
  stability: Stability,
  view: SbrView,
  unheard: ReadonlySet<NodeKey>,
): Ruling {
  const lost = view.members.filter(({ key, status }) => unheard.has(key) && !isOnTheWayOut(status))
  const missing = lost.filter(({ key }) => !view.unreachable.has(key)).map(({ key }) => key)
  const unreachable = new Set([...view.unreachable, ...missing])
  const ruling = rulingOn(settings, stability, { ...view, unreachable })
  if (missing.length === 0) return ruling
  const what = `${countText(missing.length)} of whom nothing is heard`
  return { ...ruling, reason: `${ruling.reason} Taken for unreachable: ${what}.` }
}

/** Whether it downs the node itself. */
export function isLost({ down, view }: Ruling): boolean {
  return down.some(({ key }) => key === view.self)
}

/**
 * A ruling as far as it is against the own side: those who are reachable, and of whom something is heard.
 * Others may go on elsewhere; whoever hears this node and them must not take them for gone. But where all
 * are to go down, all are: one left out, who still hears this node, would take itself for the last.
 */
export function againstOwnSide(ruling: Ruling, unheard: ReadonlySet<NodeKey>): Ruling {
  const { decision, down, view } = ruling
  if (decision.type === 'down-all') return ruling
  return {
    ...ruling,
    down: down.filter(({ key }) => !view.unreachable.has(key) && !unheard.has(key)),
  }
}
