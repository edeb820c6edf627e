// The lanes: hosts, processes as bars, faults as hatched strips.
import { gutterWidth, type Page } from './layout.ts'
import type { FaultSpan } from './faults.ts'
import { isHalt, type Life, type Standstill } from './lives.ts'
import type { Story } from './story.ts'
import { element, textElement, tooltip } from './svg.ts'
import { instantText } from './time-text.ts'

const halfBar = 4
const stripWidth = 6
const strips = 4

export function drawLanes({ window }: Story, page: Page): string {
  return window.hosts
    .map((_, lane) => {
      const x = page.barOf(lane)
      return element('path', { class: 'lane', d: `M${x} 0V${page.axis.height}` })
    })
    .join('')
}

/** Names of the hosts, on a line of their own. */
export function drawNames({ window }: Story, page: Page, y: number): string {
  const names = window.hosts.map((host, lane) =>
    textElement(host, { class: 'big', x: page.barOf(lane), y, 'text-anchor': 'middle' }),
  )
  return [
    textElement('seconds', { class: 'dim small', x: gutterWidth - 34, y, 'text-anchor': 'end' }),
    ...names,
  ].join('')
}

export function drawLives({ lives, window }: Story, page: Page): string {
  return lives
    .filter(({ end }) => end === undefined || end.index >= window.first)
    .map((life) => drawLife(life, page))
    .join('')
}

function drawLife(life: Life, { axis, ...page }: Page): string {
  const { start, end, standstills, host, text } = life
  const x = page.barOf(page.laneOf(host))
  const top = axis.yOf(start)
  const bottom = end === undefined ? axis.height : axis.yOf(end)
  const until = end === undefined ? '' : `\n${instantText(end.at)} s: ${end.text}`
  const title = tooltip(`${host}\n${instantText(start.at)} s: ${text}${until}`)
  const bar = element(
    'rect',
    { class: 'bar', x: x - halfBar, y: top, width: 2 * halfBar, height: Math.max(1, bottom - top) },
    title,
  )
  const still = standstills.map((one) =>
    drawStandstill(
      one,
      x,
      axis.yAt(one.fromMs),
      one.untilMs === undefined ? bottom : axis.yAt(one.untilMs),
    ),
  )
  return [bar, ...still, end === undefined ? '' : drawEnd(end.how, x, bottom)].join('')
}

function drawStandstill(
  { text, fromMs, untilMs }: Standstill,
  x: number,
  top: number,
  bottom: number,
): string {
  const box = { x: x - halfBar, y: top, width: 2 * halfBar, height: Math.max(1, bottom - top) }
  const until = untilMs === undefined ? '' : ` to ${instantText(untilMs)}`
  return element(
    'g',
    {},
    tooltip(`stands still from ${instantText(fromMs)}${until} s: ${text}`),
    element('rect', { class: 'f-page', ...box }),
    element('rect', { class: 'still', fill: 'url(#casty-rest)', ...box }),
  )
}

/** A cross for those that were killed or failed, a bar for those that went by themselves. */
function drawEnd(how: string, x: number, y: number): string {
  const d = how === 'exited' ? `M${x - 9} ${y}h18` : `M${x - 7} ${y - 7}l14 14m0 -14l-14 14`
  return element('path', { class: 'end', d })
}

/** Faults that last stand beside the bar of their host, each in the first column that is free. */
export function drawFaults({ faults, window }: Story, page: Page): string {
  const { axis } = page
  return window.hosts
    .flatMap((host, lane) => {
      const free = Array.from({ length: strips }, () => Number.NEGATIVE_INFINITY)
      return faults
        .filter(
          (fault) => fault.host === host && fault.untilMs > fault.at && !isHalt(fault.details),
        )
        .map((fault) => {
          const top = fault.index < window.first ? 0 : axis.yOf(fault)
          const bottom = fault.untilMs >= window.toMs ? axis.height : axis.yAt(fault.untilMs)
          const column = Math.max(
            0,
            free.findIndex((until) => until <= top),
          )
          free[column] = bottom
          const x = page.barOf(lane) - halfBar - 4 - (column + 1) * (stripWidth + 1)
          return drawStrip(fault, x, top, bottom)
        })
    })
    .join('')
}

function drawStrip(
  { details, at, untilMs }: FaultSpan,
  x: number,
  top: number,
  bottom: number,
): string {
  return element(
    'rect',
    {
      class: 's-fault fault-span',
      style: 'fill:url(#casty-hatch)',
      x,
      y: top,
      width: stripWidth,
      height: Math.max(2, bottom - top),
    },
    tooltip(`${instantText(at)} to ${instantText(untilMs)} s\n${details}`),
  )
}
