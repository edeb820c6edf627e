// Text of SVG: elements, escaped; numbers, short, so that equal pictures are equal texts.

export type Attributes = Readonly<Record<string, string | number | undefined>>

/** An element with its children, which are SVG already. Attributes that are undefined are left out. */
export function element(
  name: string,
  attributes: Attributes,
  ...children: readonly string[]
): string {
  const written = Object.entries(attributes)
    .flatMap(([key, value]) => (value === undefined ? [] : [` ${key}="${attribute(value)}"`]))
    .join('')
  return children.length === 0
    ? `<${name}${written}/>`
    : `<${name}${written}>${children.join('')}</${name}>`
}

function attribute(value: string | number): string {
  return typeof value === 'number' ? short(value) : escapeText(value)
}

/** A number with at most one decimal. */
export function short(value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** Text for content and attributes. What XML cannot hold at all becomes U+FFFD. */
function escapeText(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** What a pointer that rests on the parent shows. */
export function tooltip(text: string): string {
  return element('title', {}, escapeText(text))
}

/** One line of text: SVG breaks none by itself. */
export function textElement(words: string, attributes: Attributes): string {
  return element('text', attributes, escapeText(words))
}

/** Lines of at most `width` characters, broken at blanks (not at U+00A0) where there are some; the last may end in `…`. */
export function wrap(text: string, width: number, most: number): readonly string[] {
  const lines: string[] = []
  let rest = text.replaceAll(/[ \t\r\n]+/g, ' ').trim()
  while (rest.length > width && lines.length < most - 1) {
    const blank = rest.lastIndexOf(' ', width)
    const cut = blank > width / 3 ? blank : width
    lines.push(rest.slice(0, cut).trimEnd())
    rest = rest.slice(cut).trimStart()
  }
  lines.push(rest.length > width ? `${rest.slice(0, width - 1).trimEnd()}…` : rest)
  return lines
}
