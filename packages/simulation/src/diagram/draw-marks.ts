// Marks on the bars, and the texts beside them.
import type { Label } from './labels.ts'
import { acrossHeight, lineHeight, textOffset, type Page } from './layout.ts'
import type { Story } from './story.ts'
import { element, textElement, short, tooltip } from './svg.ts'

/** Changes of state that the description does not show: who has seen what, and the like. */
export function drawSilentChanges({ changes, window }: Story, page: Page): string {
  return window.hosts
    .map((host, lane) => {
      const silent = [...changes.all.values()].filter(
        ({ index, parts, ...change }) =>
          change.host === host && parts.length === 0 && index >= window.first && index < window.end,
      )
      const x = page.barOf(lane)
      const d = silent.map((change) => `M${x} ${short(page.axis.yOf(change))}h0.1`).join('')
      const title = tooltip('the state changed, but not in what its description shows')
      return d === '' ? '' : element('path', { class: 'dots', d }, title)
    })
    .join('')
}

export function drawLabels(page: Page): string {
  return page.labels.map((label) => drawLabel(label, page)).join('')
}

function drawLabel(label: Label, page: Page): string {
  const { lane, lines, details, kind } = label
  const y = page.axis.yOf(label)
  if (lane === undefined) return drawAcross(label, page, y)
  const x = page.barOf(lane)
  const first = y + firstLine(label)
  const texts = lines.map((words, at) =>
    textElement(words, { class: textClass(label), x: x + textOffset, y: first + at * lineHeight }),
  )
  return element('g', { class: kind }, tooltip(details), markOf(label, x, y), ...texts)
}

/** From the event to the base of its first line: what is sent stands above, what it changes below. */
function firstLine({ kind, lines }: Label): number {
  if (kind === 'sent') return -4 - (lines.length - 1) * lineHeight
  return kind === 'change' ? 12 : 4
}

function textClass({ kind }: Label): string {
  switch (kind) {
    case 'change':
    case 'decision':
      return 'bold'
    case 'sent':
      return 'small dim'
    case 'fault':
      return 'f-fault'
    case 'workload':
      return 'f-work'
    case 'standing':
    case 'healing':
    case 'log':
    case 'event':
      return 'small dim'
    case 'process':
    case 'violation':
      return 'f-ink'
  }
}

function markOf({ kind }: Label, x: number, y: number): string {
  switch (kind) {
    case 'change':
      return element('circle', { class: 'f-strong', cx: x, cy: y, r: 4.5 })
    case 'decision':
      return element('path', {
        class: 'f-strong',
        d: `M${x} ${short(y - 6.5)}l6.5 6.5l-6.5 6.5l-6.5 -6.5Z`,
      })
    case 'fault':
      return element('path', { class: 'f-fault', d: `M${x} ${short(y - 6)}l6 10h-12Z` })
    case 'workload':
      return element('path', { class: 'f-work', d: `M${x - 5} ${short(y - 5)}l10 5l-10 5Z` })
    case 'process':
      return element('rect', { class: 'f-ink', x: x - 6, y: y - 2, width: 12, height: 4 })
    case 'log':
    case 'event':
      return element('circle', { class: 'dim', cx: x, cy: y, r: 2 })
    case 'sent':
    case 'standing':
    case 'healing':
    case 'violation':
      return ''
  }
}

/** A rule across all lanes, with its text. */
function drawAcross({ kind, lines, details, index }: Label, page: Page, y: number): string {
  const isBad = kind === 'violation'
  const texts = lines.map((words, at) =>
    textElement(words, {
      class: isBad ? 'f-bad bold' : 'small dim',
      x: 12,
      y: y + 14 + at * lineHeight,
    }),
  )
  const height = acrossHeight(lines)
  return element(
    'g',
    { class: kind, 'data-event': index },
    tooltip(details),
    element('rect', { class: 'page', x: 0, y, width: page.width, height }),
    element('path', {
      class: isBad ? 'bad' : 'axis',
      d: `M0 ${short(y)}h${page.width}m0 ${height}h-${page.width}`,
    }),
    ...texts,
  )
}
