// A strict reader of the XML that pictures are made of: it knows elements, attributes, text and the
// predefined entities, and refuses everything else.

export interface XmlElement {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: XmlElement[]
  /** Its own, without that of children. */
  text: string
}

const token = /<(\/?)([a-zA-Z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy
const forbidden = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u

export function parseXml(text: string): XmlElement {
  if (forbidden.test(text)) throw new SyntaxError('A character that XML does not allow')
  const root: XmlElement = { name: '', attributes: new Map(), children: [], text: '' }
  const open = [root]
  let at = 0
  for (const match of text.matchAll(token)) {
    const [whole, closing, name = '', attributes = '', empty, characters] = match
    const parent = open.at(-1) ?? root
    at += whole.length
    if (characters !== undefined) {
      parent.text += decode(characters)
    } else if (closing === '/') {
      if (parent.name !== name) throw new SyntaxError(`</${name}> ends <${parent.name}>`)
      open.pop()
    } else {
      const element = { name, attributes: readAttributes(attributes), children: [], text: '' }
      parent.children.push(element)
      if (empty !== '/') open.push(element)
    }
  }
  if (at !== text.length) throw new SyntaxError(`Not well formed: ${text.slice(at, at + 80)}`)
  const [only, ...more] = root.children
  if (open.length !== 1 || only === undefined || more.length > 0 || root.text.trim() !== '') {
    throw new SyntaxError('Not one whole element')
  }
  return only
}

function readAttributes(text: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>()
  for (const [, key = '', value = ''] of text.matchAll(/([\w:-]+)="([^"]*)"/g)) {
    if (attributes.has(key)) throw new SyntaxError(`Twice: ${key}`)
    attributes.set(key, decode(value))
  }
  return attributes
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' }

function decode(text: string): string {
  return text.replaceAll(/&([^;&\s]*;?)/g, (whole, body: string) => {
    const character = entities[body.replace(/;$/, '')]
    if (character === undefined || !body.endsWith(';')) throw new SyntaxError(`Entity ${whole}`)
    return character
  })
}

/** Every element below, and the element itself. */
export function allElements(element: XmlElement): readonly XmlElement[] {
  return [element, ...element.children.flatMap(allElements)]
}

/** Those that have a class. */
export function withClass(root: XmlElement, name: string): readonly XmlElement[] {
  return allElements(root).filter(({ attributes }) =>
    (attributes.get('class') ?? '').split(' ').includes(name),
  )
}

/** All text within, tooltips apart. */
export function shownText(element: XmlElement): string {
  if (element.name === 'title' || element.name === 'style') return ''
  return [element.text, ...element.children.map(shownText)].join(' ')
}

export function tooltipOf(element: XmlElement): string {
  return element.children.find(({ name }) => name === 'title')?.text ?? ''
}
