// What the picture is of, what it leaves out, and what its signs mean.
import type { Page } from './layout.ts'
import type { Story } from './story.ts'
import { element, textElement, wrap } from './svg.ts'
import { durationText, instantText } from './time-text.ts'

export interface Header {
  readonly height: number
  readonly svg: string
}

interface Row {
  readonly text: string
  readonly style: string
}

const rowHeight = 16
const left = 12

export function drawHeader(story: Story, page: Page): Header {
  const rows = headerRows(story, page)
  const texts = rows.map(({ text, style }, at) =>
    textElement(text, { class: style, x: left, y: 24 + at * rowHeight }),
  )
  const legend = drawLegend(story, page, 24 + rows.length * rowHeight + 2)
  return { height: legend.bottom + 26, svg: texts.join('') + legend.svg }
}

function headerRows({ result, window }: Story, page: Page): readonly Row[] {
  const { plan, verdict, violations } = result
  const settings = Object.entries(plan.settings)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(', ')
  const title = `${plan.scenario}, seed ${plan.seed}: ${verdict}`
  const violated = violations.flatMap(({ checker, at, text }) =>
    wrap(`${instantText(at)} s · ${checker}: ${text}`, page.allCharacters, 3),
  )
  const { fromMs, toMs, trace, first, end, isCutShort, hosts } = window
  const shown = `shown: ${instantText(fromMs)} to ${instantText(toMs)} s of ${instantText(result.virtualMs)} s`
  const before = violations.length > 0 ? 'before the violation' : 'of the run'
  const cut = isCutShort ? `only the last ${durationText(toMs - fromMs)} ${before}; ` : ''
  const outside = trace.length - (end - first)
  const left = outside > 0 ? `; ${outside} of ${trace.length} events lie outside` : ''
  const fewer =
    hosts.length < plan.hosts.length ? `; hosts left out: ${plan.hosts.length - hosts.length}` : ''
  return [
    { text: title, style: 'big' },
    ...wrap(settings, page.allCharacters, 2)
      .filter((text) => text !== '')
      .map((text) => ({ text, style: 'dim' })),
    ...violated.slice(0, 8).map((text) => ({ text, style: 'f-bad bold' })),
    ...wrap(`${cut}${shown}${left}${fewer}`, page.allCharacters, 2).map((text) => ({
      text,
      style: 'dim',
    })),
  ]
}

interface Sign {
  readonly svg: string
  readonly text: string
}

const signs: readonly Sign[] = [
  {
    svg: '<path class="strong" marker-end="url(#casty-strong)" d="M0 0H22"/>',
    text: 'changed a state',
  },
  { svg: '<path class="step" marker-end="url(#casty-step)" d="M0 0H22"/>', text: 'other message' },
  { svg: '<path class="routine" d="M0 -2H22M0 2H22"/>', text: 'routine' },
  { svg: '<path class="lost" d="M0 0H18m-4 -4l8 8m0 -8l-8 8"/>', text: 'lost' },
  { svg: '<path class="step pending" d="M0 0H22"/>', text: 'not arrived yet, or a copy' },
  { svg: '<circle class="f-strong" cx="11" r="4.5"/>', text: 'change by a message' },
  {
    svg: '<path class="f-strong" d="M11 -6.5l6.5 6.5l-6.5 6.5l-6.5 -6.5Z"/>',
    text: 'change by itself',
  },
  {
    svg: '<rect class="s-fault" style="fill:url(#casty-hatch)" x="8" y="-7" width="6" height="14"/>',
    text: 'fault lasts',
  },
  {
    svg: '<rect class="still" fill="url(#casty-rest)" x="7" y="-7" width="8" height="14"/>',
    text: 'stands still',
  },
  { svg: '<path class="axis" d="M11 -8l4 2l-8 4l4 2l4 2l-8 4l4 2"/>', text: 'time squeezed' },
]
const causeSign: Sign = { svg: '<path class="cause" d="M2 0H20"/>', text: 'led to the violation' }

function drawLegend(
  { causes, changes }: Story,
  page: Page,
  top: number,
): { readonly bottom: number; readonly svg: string } {
  const doubts = [...changes.all.values()].some(({ after }) => after.includes('✗'))
  const all = [
    ...signs,
    ...(causes.changes.size > 0 ? [causeSign] : []),
    ...(doubts
      ? [{ svg: '', text: 'a✗b: a finds b unreachable; a✓b: no longer; !: enough find so' }]
      : []),
  ]
  let [x, y] = [left, top]
  const drawn = all.map(({ svg, text }) => {
    const width = (svg === '' ? 0 : 28) + text.length * 6 + 16
    if (x + width > page.width) [x, y] = [left, y + rowHeight]
    const group = element(
      'g',
      { transform: `translate(${x} ${y})` },
      svg,
      textElement(text, { class: 'small dim', x: svg === '' ? 0 : 28, y: 4 }),
    )
    x += width
    return group
  })
  return { bottom: y + rowHeight, svg: drawn.join('') }
}
