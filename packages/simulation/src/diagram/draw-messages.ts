// Messages: an arrow each for those that changed something or should be seen, and one pale path for all
// the routine of one link and stretch of time.
import type { Page } from './layout.ts'
import { contentText, countedText, type Message, type Moment } from './messages.ts'
import type { Story } from './story.ts'
import { element, short, tooltip } from './svg.ts'
import { durationText, instantText } from './time-text.ts'

/** How far those get that do not arrive. */
const lostShare = 0.45
const pendingShare = 0.3

export function drawRoutine({ messages, window }: Story, page: Page): string {
  const groups = new Map<string, Message[]>()
  for (const message of messages) {
    if (!message.isRoutine) continue
    const { from, to, lost } = message
    const stretch = page.axis.stretchOf(startOf(message, window.fromMs))
    const key = `${stretch} ${from} ${to} ${lost === undefined ? 'carried' : 'lost'}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [message])
    else group.push(message)
  }
  return [...groups.values()].map((group) => drawGroup(group, page, window.end)).join('')
}

function drawGroup(group: readonly Message[], page: Page, end: number): string {
  const [first] = group
  const last = group.at(-1)
  if (first === undefined || last === undefined) return ''
  const isLost = first.lost !== undefined
  const d = group
    .flatMap((message) => legsOf(message, page, end))
    .map(pathOf)
    .join('')
  const from = instantText(startOf(first, page.fromMs).at)
  const until = instantText(startOf(last, page.fromMs).at)
  const content = countedText(group.flatMap(({ labels }) => labels.map(({ text }) => text)))
  return element(
    'path',
    { class: isLost ? 'routine-lost' : 'routine', d },
    tooltip(
      `${first.from} → ${first.to}, ${from === until ? from : `${from} to ${until}`} s\n` +
        `${content}${isLost ? '\nlost' : ''}`,
    ),
  )
}

/** What led to the violation, underneath everything else. */
export function drawCauses({ messages, causes, changes, window }: Story, page: Page): string {
  const arrows = messages
    .flatMap((message) =>
      legsOf(message, page, window.end).filter(
        ({ end }) => message.changed.has(end.index) && causes.arrivals.has(end.index),
      ),
    )
    .map((leg) => element('path', { class: 'cause', d: pathOf(leg) }))
  const marks = [...causes.changes].flatMap((index) => {
    const change = changes.all.get(index)
    const lane = change === undefined ? -1 : page.laneOf(change.host)
    if (change === undefined || lane < 0 || index < window.first) return []
    return [
      element('circle', {
        class: 'f-cause',
        cx: page.barOf(lane),
        cy: page.axis.yOf(change),
        r: 12,
      }),
    ]
  })
  return [...arrows, ...marks].join('')
}

export function drawMessages({ messages, window }: Story, page: Page): string {
  return messages
    .filter(({ isRoutine }) => !isRoutine)
    .map((message) => drawMessage(message, page, window.end))
    .join('')
}

function drawMessage(message: Message, page: Page, end: number): string {
  const legs = legsOf(message, page, end)
  const kind = message.changed.size > 0 ? 'strong' : 'step'
  const lines = legs.map((leg, at) => {
    const again = at > 0 ? ' again' : ''
    const d = pathOf(leg)
    if (leg.end.type === 'arrived') {
      return element('path', {
        class: `line ${kind}${again}`,
        'marker-end': `url(#casty-${kind})`,
        d,
      })
    }
    return element('path', {
      class: `line ${leg.end.type === 'lost' ? 'lost' : `${kind} pending`}`,
      d,
    })
  })
  const hit = element('path', { class: 'hit', d: legs.map(pathOf).join('') })
  return element('g', { class: 'message' }, tooltip(detailsOf(message)), hit, ...lines)
}

function detailsOf({ from, to, sent, arrivals, lost, labels }: Message): string {
  const times = [
    ...(sent === undefined ? [] : [`sent at ${instantText(sent.at)} s`]),
    ...arrivals.map(({ at }) => {
      const under = sent === undefined ? '' : ` (after ${durationText(at - sent.at)})`
      return `arrived at ${instantText(at)} s${under}`
    }),
    ...(lost === undefined ? [] : [`lost at ${instantText(lost.at)} s`]),
  ]
  const details = labels.map(({ text, details: more = text }) => clipped(more))
  return [`${from} → ${to}: ${clipped(contentText(labels))}`, times.join(', '), ...details].join(
    '\n',
  )
}

const mostDetails = 400

function clipped(text: string): string {
  return text.length > mostDetails ? `${text.slice(0, mostDetails)}…` : text
}

/** A line from the sender towards the receiver. */
interface Leg {
  readonly x1: number
  readonly y1: number
  readonly x2: number
  readonly y2: number
  readonly end: { readonly type: 'arrived' | 'lost' | 'pending'; readonly index: number }
}

/** One for each arrival; of a write that does not arrive in the picture, one that stops on its way. */
function legsOf(message: Message, page: Page, end: number): readonly Leg[] {
  const { sent, arrivals, lost, from, to } = message
  const [x1, x] = [page.barOf(page.laneOf(from)), page.barOf(page.laneOf(to))]
  const y1 = sent === undefined ? 0 : page.axis.yOf(sent)
  const shown = arrivals.filter(({ index }) => index < end)
  if (shown.length > 0) {
    return shown.map((arrival) => {
      const { index } = arrival
      const y2 = page.axis.yOf(arrival)
      return { x1, y1, x2: x - Math.sign(x - x1) * 4, y2, end: { type: 'arrived', index } as const }
    })
  }
  const isLost = lost !== undefined && lost.index < end
  const x2 = x1 + (x - x1) * (isLost ? lostShare : pendingShare)
  // Where the loss lies in time is told by the tooltip: it may be long after.
  const y2 = isLost ? Math.min(Math.max(page.axis.yOf(lost), y1 + 4), y1 + 14) : y1 + 6
  return [{ x1, y1, x2, y2, end: { type: isLost ? 'lost' : 'pending', index: lost?.index ?? -1 } }]
}

function pathOf({ x1, y1, x2, y2, end }: Leg): string {
  const path = `M${short(x1)} ${short(y1)}L${short(x2)} ${short(y2)}`
  return end.type === 'lost' ? `${path}m-4 -4l8 8m0 -8l-8 8` : path
}

function startOf({ sent, arrivals, lost }: Message, fromMs: number): Moment {
  return sent ?? arrivals[0] ?? lost ?? { index: 0, at: fromMs }
}
