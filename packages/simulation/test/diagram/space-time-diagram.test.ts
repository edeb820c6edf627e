import { describe, expect, test } from 'vitest'
import { membershipScenario, simulate, spaceTimeDiagram } from '@casty/simulation'
import {
  allElements,
  parseXml,
  shownText,
  tooltipOf,
  withClass,
  type XmlElement,
} from './parse-xml.ts'
import { frame, hosts, note, runOf, trace, write } from './story.ts'

const picture = parseXml(spaceTimeDiagram(runOf()))

/** What can be read in the elements of a class. */
function textsOf(name: string, root: XmlElement = picture): readonly string[] {
  return withClass(root, name).map((element) => shownText(element).replaceAll(/\s+/g, ' ').trim())
}

function tooltipsOf(name: string, root: XmlElement = picture): readonly string[] {
  return withClass(root, name).map(tooltipOf)
}

describe('what happened', () => {
  test('each host has a lane with its name', () => {
    expect(withClass(picture, 'lane')).toHaveLength(hosts.length)
    expect(textsOf('big')).toEqual(expect.arrayContaining(hosts))
  })

  test('each life of a process is a bar that tells when it started and how it ended', () => {
    const bars = tooltipsOf('bar')
    expect(bars).toHaveLength(5)
    expect(bars).toContain('b\n0.0000 s: starts\n5.0030 s: crashed: killed')
    expect(bars).toContain('b\n5.0040 s: starts, life 2')
    expect(bars).toContain('d\n0.0000 s: starts\n0.0500 s: exited: left')
  })

  test('those killed and those that went by themselves end differently', () => {
    const ends = withClass(picture, 'end').map(({ attributes }) => attributes.get('d') ?? '')
    expect(ends.map((d) => (d.includes('h18') ? 'went' : 'killed')).toSorted()).toEqual([
      'killed',
      'went',
    ])
  })

  test('a process that stands still shows from when to when', () => {
    const still = allElements(picture).filter((element) =>
      tooltipOf(element).startsWith('stands still'),
    )
    expect(still.map(tooltipOf)).toEqual(['stands still from 0.0200 to 0.9200 s: pause for 900 ms'])
  })

  test('a fault of several links of a host is one span with its targets, hatched as long as it lasts', () => {
    expect(textsOf('fault')).toContain('cut silent → a, b for 400 ms')
    expect(tooltipsOf('fault-span')).toEqual([
      '0.0250 to 0.4250 s\ncut silent to a for 400 ms\ncut silent to b for 400 ms',
    ])
  })

  test('a change of state is told by what changed, by itself or by a message', () => {
    expect(textsOf('decision')).toContain('a✗b')
    expect(textsOf('change')).toEqual(['b unreachable · a✗b'])
  })

  test('a change that the description does not show is a mere dot', () => {
    expect(withClass(picture, 'dots')).toHaveLength(1)
  })

  test('what users did and what nodes said stands where it happened', () => {
    expect(textsOf('workload')).toEqual(['leave()'])
    expect(textsOf('log')).toEqual(['info leaving {}'])
  })

  test('a violation is a rule across with its text, and stands above the picture', () => {
    const [rule, ...more] = withClass(picture, 'violation')
    expect(more).toEqual([])
    expect(rule && shownText(rule)).toContain('c finds b unreachable')
    expect(textsOf('f-bad').filter((text) => text.includes('c finds b unreachable'))).toHaveLength(
      2,
    )
  })

  test('the end of the chaos is marked', () => {
    expect(textsOf('healing')).toEqual([expect.stringMatching(/^4\.0000 s · the chaos is over/)])
  })

  test('quiet seconds are squeezed, and it says by how much', () => {
    expect(textsOf('squeezed')).toContain('+ 1 s')
    const height = Number(picture.attributes.get('height'))
    expect(height).toBeLessThan(1_500)
  })

  test('what led to the violation is marked: the change, the message and who found it out', () => {
    expect(withClass(picture, 'f-cause')).toHaveLength(2)
    // One more stands in the legend.
    expect(withClass(picture, 'cause')).toHaveLength(2)
  })
})

describe('messages', () => {
  const messages = withClass(picture, 'message')
  const kindsOf = (start: string): readonly (string | undefined)[] =>
    messages
      .filter((message) => tooltipOf(message).startsWith(start))
      .flatMap(({ children }) => children)
      .filter(({ attributes }) => attributes.get('class')?.startsWith('line') === true)
      .map(({ attributes }) => attributes.get('class'))

  test('one that changed a state is strong, and told by what it carries', () => {
    expect(kindsOf('a → c')).toEqual(['line strong'])
    expect(textsOf('sent')).toContain('→ c: probe: b not reached')
  })

  test('one that was lost ends in a cross', () => {
    expect(kindsOf('c → a')).toEqual(['line lost'])
    expect(textsOf('sent').map((text) => text.replaceAll('\u00A0', ' '))).toContain(
      '→ a: probe: b not reached ✕ lost',
    )
  })

  test('one that arrived twice has two arrows', () => {
    expect(kindsOf('b → a')).toEqual(['line step', 'line step again'])
  })

  test('one that has not arrived stops on its way', () => {
    expect(kindsOf('a → b')).toEqual(['line step pending'])
  })

  test('routine is pale, and summed up by link', () => {
    expect(tooltipsOf('routine')).toContain('a → b, 0.0100 s\nheartbeat')
    expect(tooltipsOf('routine-lost')).toEqual(['c → a, 0.0300 s\nheartbeat\nlost'])
  })

  test('its tooltip tells when it left and arrived', () => {
    expect(messages.map(tooltipOf).join('\n')).toContain(
      'sent at 5.0010 s, arrived at 5.0020 s (after 1 ms)',
    )
  })

  test('handshakes and refusals are told apart, behind the prelude of a connection', () => {
    const prelude = Uint8Array.of(0x89, 0x43, 0x41, 0x53, 0x54, 0x59, 0x0d, 0x0a, 0, 1, 0, 1)
    const refusal = frame(3, Uint8Array.of(5, 0, 0, 4, ...new TextEncoder().encode('gone')))
    const opened = new Uint8Array([...prelude, ...refusal])
    const svg = spaceTimeDiagram(runOf([...trace.slice(0, 8), write(5, 'sent', 'b→a', 9, opened)]))
    expect(textsOf('sent', parseXml(svg))).toContain('→ a: refused: gone')
  })

  test('bytes that cannot be read are shown as such', () => {
    const broken = frame(16, Uint8Array.of(200, 1, 2))
    const svg = spaceTimeDiagram(runOf([...trace.slice(0, 8), write(5, 'sent', 'b→a', 9, broken)]))
    expect(textsOf('sent', parseXml(svg))).toContain('→ a: unreadable frame 16')
  })

  test.each([
    [[1], '1 byte'],
    [[0, 0, 0, 9, 40, 1], '6 bytes'],
    [[0, 0, 0, 0, 0, 0], '6 bytes'],
  ])('of bytes that are no frame it is told how many there are: %j', (bytes, text) => {
    // It changed what `a` shows, or nobody would be told.
    const events = [...trace.slice(0, 8), write(5, 'lost', 'b→a', 9, Uint8Array.from(bytes))]
    const svg = spaceTimeDiagram(runOf(events))
    expect(withClass(parseXml(svg), 'message').map(tooltipOf).join()).toContain(text)
  })

  test('frames of one’s own are told by `labelOf`', () => {
    const own = frame(40, Uint8Array.of(1, 2, 3))
    const events = [...trace.slice(0, 8), write(5, 'sent', 'b→a', 9, own)]
    const svg = spaceTimeDiagram(runOf(events), {
      labelOf: (frameType, body) =>
        frameType === 40 ? { text: `order of ${body.length}`, weight: 'step' } : undefined,
    })
    expect(textsOf('sent', parseXml(svg))).toContain('→ a: order of 3')
  })
})

describe('what is shown', () => {
  test('the heading names the scenario, the seed, the verdict and the settings', () => {
    const heading = shownText(picture)
    expect(heading).toContain('by hand, seed 7: violated')
    expect(heading).toContain('downing: true')
  })

  test('a picture ends with the first violation', () => {
    expect(spaceTimeDiagram(runOf())).not.toContain('info later')
    expect(spaceTimeDiagram(runOf(), { toMs: 6_000 })).toContain('info later')
  })

  test('of a long run the last 10 s before the violation are shown, and the picture says so', () => {
    const early = Array.from({ length: 3_000 }, (_, at) => note(at, 'a', 'log', `early ${at}`))
    const late = trace.map((event) => ({ ...event, at: event.at + 20_000 }))
    const violations = runOf().violations.map((one) => ({ ...one, at: one.at + 20_000 }))
    const svg = spaceTimeDiagram(runOf([...early, ...late], { violations, virtualMs: 26_000 }))
    expect(svg).toContain('only the last 10 s before the violation; shown: 15.0100 to 25.0100 s')
    expect(svg).not.toContain('early 17')
    expect(svg).toContain('leave()')
  })

  test('a window begins with how things stand, and with the faults that last', () => {
    const svg = spaceTimeDiagram(runOf(), { fromMs: 100, toMs: 3_000 })
    const window = parseXml(svg)
    expect(textsOf('standing', window).filter((text) => text.startsWith('at first'))).toHaveLength(
      3,
    )
    expect(textsOf('fault', window)).toContain('cut silent → a, b for 400 ms, since 0.0250')
    expect(svg).not.toContain('leave()')
  })

  test('only the hosts asked for have lanes, in the order asked for', () => {
    const some = parseXml(spaceTimeDiagram(runOf(), { hosts: ['c', 'a'] }))
    const names = textsOf('big', some).filter((text) => hosts.includes(text))
    expect(names).toEqual(['c', 'a'])
    expect(withClass(some, 'message').map(tooltipOf).join()).not.toContain('b → a')
    expect(shownText(some)).toContain('hosts left out: 2')
  })

  test.each([
    ['trace', runOf(undefined, { trace: undefined }), {}],
    ['hosts', runOf(), { hosts: ['x'] }],
    ['hosts', runOf(), { hosts: [] }],
    ['fromMs', runOf(), { fromMs: 10, toMs: 10 }],
    ['fromMs', runOf(), { fromMs: -1 }],
    ['toMs', runOf(), { toMs: Number.NaN }],
  ])('a wrong %s is refused by name', (name, result, options) => {
    expect(() => spaceTimeDiagram(result, options)).toThrow(
      expect.objectContaining({
        code: 'CASTY_SIMULATION_INVALID_OPTION',
        message: expect.stringContaining(name),
      }),
    )
  })
})

describe('the text of the picture', () => {
  test('holds whatever was noted, as text', () => {
    const nasty = '</text><script>"&\'\u0000\uD800 ]]>'
    const events = [...trace.slice(0, 8), note(3, 'a', 'log', nasty)]
    const root = parseXml(spaceTimeDiagram(runOf(events)))
    expect(textsOf('log', root)).toEqual(['</text><script>"&\'\uFFFD\uFFFD ]]>'])
    expect(allElements(root).map(({ name }) => name)).not.toContain('script')
  })

  test('needs nothing from elsewhere', () => {
    const svg = spaceTimeDiagram(runOf())
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|@import|<script|href/,
    )
  })

  test('has colours for light and for dark pages', () => {
    expect(spaceTimeDiagram(runOf())).toContain('@media (prefers-color-scheme:dark)')
  })

  test('texts of one lane do not stand on each other', () => {
    const lines = allElements(picture)
      .filter(({ name, attributes }) => name === 'g' && attributes.has('transform') === false)
      .flatMap(({ children }) => children.filter(({ name }) => name === 'text'))
      .map(({ attributes }) => ({ x: attributes.get('x'), y: Number(attributes.get('y')) }))
    const close = lines.filter((line, at) =>
      lines.some(
        (other, index) => index < at && other.x === line.x && Math.abs(other.y - line.y) < 10,
      ),
    )
    expect(lines.length).toBeGreaterThan(20)
    expect(close).toEqual([])
  })

  test('no instant at the left is hidden by a rule across', () => {
    const boxes = [...withClass(picture, 'violation'), ...withClass(picture, 'healing')]
      .flatMap(({ children }) => children.filter(({ name }) => name === 'rect'))
      .map(({ attributes }) => ({
        top: Number(attributes.get('y')),
        bottom: Number(attributes.get('y')) + Number(attributes.get('height')),
      }))
    const instants = allElements(picture)
      .filter(({ attributes }) => attributes.get('text-anchor') === 'end')
      .map(({ attributes }) => Number(attributes.get('y')))
    const hidden = instants.filter((y) =>
      boxes.some(({ top, bottom }) => y > top && y - 8 < bottom),
    )
    expect(boxes).toHaveLength(2)
    expect(instants.length).toBeGreaterThan(5)
    expect(hidden).toEqual([])
  })

  test('is the same for equal runs, and small', async () => {
    const [one, two] = [
      await simulate(membershipScenario, 3, { keepAll: true }),
      await simulate(membershipScenario, 3, { keepAll: true }),
    ]
    const svg = spaceTimeDiagram(one)
    expect(spaceTimeDiagram(two)).toBe(svg)
    expect(parseXml(svg).name).toBe('svg')
    expect(svg.length).toBeLessThan(300_000)
  })
})
