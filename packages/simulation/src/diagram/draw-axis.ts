// Time at the left: instants, and how much was squeezed.
import { acrossHeight, gutterWidth, type Page } from './layout.ts'
import { element, textElement, short } from './svg.ts'
import { durationText, instantText } from './time-text.ts'
import type { Stretch } from './time-axis.ts'

const axisX = gutterWidth - 26
const leastDistance = 13
/** Quieter than this, a stretch is shaded across. */
const bandMs = 500

export function drawBands({ axis, width }: Page): string {
  return axis.stretches
    .filter(({ fromMs, untilMs }) => untilMs - fromMs >= bandMs)
    .map(({ top, bottom }) =>
      element('rect', {
        class: 'band',
        x: axisX,
        y: top + 3,
        width: width - axisX,
        height: Math.max(1, bottom - top - 6),
      }),
    )
    .join('')
}

export function drawAxis({ axis, labels }: Page): string {
  const { stretches } = axis
  const across = labels.filter(({ lane }) => lane === undefined)
  const taken = across.map(({ lines, ...moment }) => {
    const top = axis.yOf(moment)
    return { top: top - 7, bottom: top + acrossHeight(lines) + 7 }
  })
  const path = stretches.map(stretchPath).join('')
  const texts: string[] = []
  let free = Number.NEGATIVE_INFINITY
  const write = (words: string, y: number, style: string): void => {
    if (y < free || taken.some(({ top, bottom }) => y > top && y < bottom)) return
    free = y + leastDistance
    texts.push(textElement(words, { class: style, x: axisX - 8, y: y + 4, 'text-anchor': 'end' }))
  }
  const [first] = stretches
  if (first !== undefined) write(instantText(first.fromMs), first.top, 'small')
  for (const stretch of stretches) {
    const { fromMs, untilMs, top, bottom, isSqueezed } = stretch
    if (isSqueezed && bottom - top > 2 * leastDistance) {
      write(`+ ${durationText(untilMs - fromMs)}`, (top + bottom) / 2, 'small dim squeezed')
    }
    if (untilMs > fromMs) write(instantText(untilMs), bottom, 'small')
  }
  return [element('path', { class: 'axis', d: path }), ...texts].join('')
}

/** Straight where time runs evenly, a zigzag where it is squeezed. */
function stretchPath({ top, bottom, isSqueezed }: Stretch): string {
  if (!isSqueezed) return `M${axisX} ${short(top)}V${short(bottom)}`
  const teeth = Math.max(1, Math.round((bottom - top) / 8))
  const step = short((bottom - top) / teeth / 4)
  const tooth = `l4 ${step}l-8 ${short(2 * Number(step))}l4 ${step}`
  return `M${axisX} ${short(top)}${tooth.repeat(teeth)}`
}
