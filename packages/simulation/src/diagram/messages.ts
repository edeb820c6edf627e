// The writes of a trace as messages: each from where it was sent to where it arrived or was lost.
import type { TraceEvent, WriteEvent } from '../world/trace.ts'
import type { Changes } from './changes.ts'
import type { Window } from './diagram-options.ts'
import { labelsOf, type FrameLabel, type LabelOf } from './frame-labels.ts'

/** An event of the trace. */
export interface Moment {
  readonly index: number
  readonly at: number
}

export interface Message {
  readonly from: string
  readonly to: string
  /** Undefined in a trace that begins later. */
  readonly sent: Moment | undefined
  /** More than one if it was doubled on its way. */
  readonly arrivals: readonly Moment[]
  readonly lost: Moment | undefined
  readonly labels: readonly FrameLabel[]
  /** Places of those arrivals that changed what the state of the receiver shows. */
  readonly changed: ReadonlySet<number>
  /** One of many of its sort: it changed nothing, and says nothing that must be seen. */
  readonly isRoutine: boolean
}

/** The stages of one write. */
export interface Course {
  readonly from: string
  readonly to: string
  readonly bytes: Uint8Array
  sent: Moment | undefined
  readonly arrivals: Moment[]
  lost: Moment | undefined
}

/** Every write, by the place of each of its stages in the trace. */
export function findCourses(trace: readonly TraceEvent[]): ReadonlyMap<number, Course> {
  const byId = new Map<string, Course>()
  const byIndex = new Map<number, Course>()
  for (const [index, event] of trace.entries()) {
    if (event.type !== 'write') continue
    const { from, to, id, bytes } = event
    const key = `${from} ${to} ${id}`
    const known = byId.get(key)
    const course: Course = known ?? {
      from,
      to,
      bytes,
      sent: undefined,
      arrivals: [],
      lost: undefined,
    }
    if (known === undefined) byId.set(key, course)
    byIndex.set(index, course)
    addStage(course, event, index)
  }
  return byIndex
}

function addStage(course: Course, { stage, at }: WriteEvent, index: number): void {
  const moment = { index, at }
  switch (stage) {
    case 'sent':
      course.sent = moment
      return
    case 'arrived':
      course.arrivals.push(moment)
      return
    case 'lost':
      course.lost = moment
  }
}

/** The messages between hosts that are shown, of which a stage lies in the window. */
export function messagesIn(
  { hosts, first, end }: Window,
  courses: ReadonlyMap<number, Course>,
  changes: Changes,
  labelOf: LabelOf | undefined,
): readonly Message[] {
  const labels = new Map<Course, readonly FrameLabel[]>()
  const read = (course: Course): readonly FrameLabel[] => {
    const known = labels.get(course)
    if (known !== undefined) return known
    const made = labelsOf(course.bytes, labelOf)
    labels.set(course, made)
    return made
  }
  const changing = changingArrivals(changes, (index) => {
    const course = courses.get(index)
    return course !== undefined && read(course).some(({ weight }) => weight !== 'routine')
  })
  const shown = new Set(
    [...courses]
      .filter(([index, { from, to }]) => {
        return index >= first && index < end && hosts.includes(from) && hosts.includes(to)
      })
      .map(([, course]) => course),
  )
  return withoutRepetition([...shown].map((course) => messageOf(course, read(course), changing)))
}

/** What was told or lost over and over on one link is routine from the second time on. */
function withoutRepetition(messages: readonly Message[]): readonly Message[] {
  const told = new Map<string, string>()
  return messages.map((message) => {
    if (message.isRoutine) return message
    const { from, to, labels, lost, changed } = message
    const [link, what] = [`${from} ${to}`, `${contentText(labels)} ${lost === undefined}`]
    const isRepeated = told.get(link) === what && changed.size === 0
    told.set(link, what)
    return isRepeated ? { ...message, isRoutine: true } : message
  })
}

/** Of the writes that arrived right before a change, those that carry more than routine; else all. */
function changingArrivals(
  changes: Changes,
  isWeighty: (index: number) => boolean,
): ReadonlySet<number> {
  return new Set(
    [...changes.all.values()]
      .filter(({ parts }) => parts.length > 0)
      .flatMap(({ arrivals }) => {
        const weighty = arrivals.filter(isWeighty)
        return weighty.length > 0 ? weighty : arrivals
      }),
  )
}

function messageOf(
  { from, to, sent, arrivals, lost }: Course,
  labels: readonly FrameLabel[],
  changing: ReadonlySet<number>,
): Message {
  const changed = new Set(arrivals.map(({ index }) => index).filter((index) => changing.has(index)))
  const needed = labels.some(
    ({ weight }) => weight === 'step' || (weight === 'news' && lost !== undefined),
  )
  return {
    from,
    to,
    sent,
    arrivals,
    lost,
    labels,
    changed,
    isRoutine: !needed && changed.size === 0,
  }
}

/** What it carries, without the routine if there is anything else: `2 × gossip b up, join`. */
export function contentText(labels: readonly FrameLabel[]): string {
  const weighty = labels.filter(({ weight }) => weight !== 'routine')
  return countedText((weighty.length > 0 ? weighty : labels).map(({ text }) => text))
}

export function countedText(texts: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return [...counts].map(([text, count]) => (count > 1 ? `${count} × ${text}` : text)).join(' · ')
}
