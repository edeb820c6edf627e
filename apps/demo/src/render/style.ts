import type { Tone } from '../sentences.ts'

/** Text with a meaning, which becomes a colour where colours are wanted. */
export interface Span {
  readonly text: string
  readonly tone?: Tone | 'strong' | 'selected'
}

export type Line = readonly Span[]

const codes: Readonly<Record<NonNullable<Span['tone']>, string>> = {
  action: '36',
  good: '32',
  bad: '31',
  changing: '33',
  quiet: '2',
  strong: '1',
  selected: '7',
}

/** The line as a terminal takes it, at most `columns` wide: what is wider ends in `…`. */
export function paint(line: Line, columns: number, color: boolean): string {
  return clip(line, columns)
    .map(({ text, tone }) => (color && tone ? `\u001B[${codes[tone]}m${text}\u001B[0m` : text))
    .join('')
    .replace(/ +$/, '')
}

/** Every character that is drawn here is one column wide, and one unit of a string. */
export function widthOf(text: string): number {
  return text.length
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text
}

function clip(line: Line, columns: number): Line {
  const width = line.reduce((sum, { text }) => sum + widthOf(text), 0)
  if (width <= columns) return line
  const kept: Span[] = []
  let room = columns - 1
  for (const span of line) {
    const text = span.text.slice(0, room)
    kept.push({ ...span, text })
    room -= widthOf(text)
    if (room <= 0) break
  }
  return [...kept, { text: '…' }]
}
