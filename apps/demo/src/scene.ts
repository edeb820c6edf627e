// What is known of a run, as one immutable value: news comes in, and the next scene comes out. Tables,
// lines and the story's judgements are functions of it.
import type { Failure, News, Sides, StepHeading, StepOutcome } from './news.ts'
import type { MemberName, NodeEvent, NodeView } from './protocol.ts'
import { eventKey, eventSentence, eventTone, isOwnEvent, type Tone } from './sentences.ts'

export type ProcessState =
  | 'starting'
  | 'running'
  | 'paused'
  /** Its node was decided against, and the next one does not listen yet. */
  | 'downed'
  | 'killed'
  | 'left'
  | 'stopped'
  | 'failed'

export interface SceneNode {
  readonly name: string
  readonly pid: number
  readonly state: ProcessState
  readonly address: string | undefined
  /** Of the node that listens, or last listened, in this place. */
  readonly incarnation: number | undefined
  /** What it last reported; undefined before that, and once its process is gone. */
  readonly view: NodeView | undefined
  /** When it last reported a view. */
  readonly viewAtMs: number | undefined
  readonly failure: Failure | undefined
}

/** One line of what happened; `number` grows by one from line to line. */
export interface TimelineEntry {
  readonly number: number
  readonly atMs: number
  readonly text: string
  readonly tone: Tone
}

export interface SceneStep extends StepHeading {
  readonly startedAtMs: number | undefined
  readonly outcome: StepOutcome | undefined
}

export interface Scene {
  /** When the last news came, in milliseconds since the start of the run. */
  readonly atMs: number
  readonly nodes: ReadonlyMap<string, SceneNode>
  readonly steps: readonly SceneStep[]
  /** The latest lines, oldest first. */
  readonly timeline: readonly TimelineEntry[]
  /** Who reported which event, so that what all nodes report is told once. */
  readonly reporters: ReadonlyMap<string, ReadonlySet<string>>
  /** Whom a node was ever told to be down. */
  readonly downed: readonly MemberName[]
  /** Nodes that stopped because they were decided against, in order. */
  readonly ended: readonly MemberName[]
  /** Undefined while the network is whole. */
  readonly cut: Sides | undefined
  readonly notice: string | undefined
}

export const emptyScene: Scene = {
  atMs: 0,
  nodes: new Map(),
  steps: [],
  timeline: [],
  reporters: new Map(),
  downed: [],
  ended: [],
  cut: undefined,
  notice: undefined,
}

const longestTimeline = 200

/** The scene after the news. */
export function advance(before: Scene, news: News, atMs: number): Scene {
  const scene: Scene = { ...before, atMs }
  switch (news.type) {
    case 'process-started':
      return say(
        forgetReporter(withNode(scene, freshNode(scene, news.node, news.pid)), news.node),
        `${news.node} starts as process ${news.pid}`,
        'quiet',
      )
    case 'node-listening': {
      const { node, address, incarnation } = news
      const next = change(scene, node, { state: 'running', address, incarnation, view: undefined })
      return say(forgetReporter(next, node), `${node} listens at ${address}`, 'quiet')
    }
    case 'process-paused':
      return say(
        change(scene, news.node, { state: 'paused' }),
        `${news.node} is stopped by SIGSTOP`,
        'action',
      )
    case 'process-resumed':
      return say(
        change(scene, news.node, { state: 'running' }),
        `${news.node} goes on after SIGCONT`,
        'action',
      )
    case 'network-cut': {
      const [left, right] = news.sides.map((side) => side.join(' '))
      return say({ ...scene, cut: news.sides }, `the network is cut: ${left} | ${right}`, 'action')
    }
    case 'network-mended':
      return say({ ...scene, cut: undefined }, 'the network is whole again', 'action')
    case 'process-ended': {
      const { node, ending, failure } = news
      const next = change(scene, node, { state: ending, view: undefined, failure })
      return say(next, endingSentence(news), ending === 'failed' ? 'bad' : 'action')
    }
    case 'node-view':
      return change(scene, news.node, { view: news.view, viewAtMs: atMs })
    case 'node-event':
      return heed(scene, news.node, news.event)
    case 'story-told':
      return {
        ...scene,
        steps: news.steps.map((step) => ({ ...step, startedAtMs: undefined, outcome: undefined })),
      }
    case 'step-started':
      return changeStep(scene, news.step, { startedAtMs: atMs })
    case 'step-ended':
      return changeStep(scene, news.step, { outcome: news.outcome })
    case 'notice':
      return { ...scene, notice: news.text }
  }
}

/** Nodes whose processes run and report: whose view counts. */
export function reportingNodes(scene: Scene): readonly SceneNode[] {
  return [...scene.nodes.values()].filter(({ state }) => state === 'running')
}

function freshNode(scene: Scene, name: string, pid: number): SceneNode {
  const address = scene.nodes.get(name)?.address
  return {
    name,
    pid,
    state: 'starting',
    address,
    incarnation: undefined,
    view: undefined,
    viewAtMs: undefined,
    failure: undefined,
  }
}

function withNode(scene: Scene, node: SceneNode): Scene {
  return { ...scene, nodes: new Map(scene.nodes).set(node.name, node) }
}

function change(scene: Scene, name: string, changes: Partial<SceneNode>): Scene {
  const node = scene.nodes.get(name)
  return node ? withNode(scene, { ...node, ...changes }) : scene
}

function changeStep(scene: Scene, { id }: StepHeading, changes: Partial<SceneStep>): Scene {
  const steps = scene.steps.map((step) => (step.id === id ? { ...step, ...changes } : step))
  return { ...scene, steps }
}

/** The first to report an event has it told; whoever reports it twice tells of another occurrence. */
function heed(scene: Scene, reporter: string, event: NodeEvent): Scene {
  const known = noteDowning(scene, reporter, event)
  const key = eventKey(reporter, event)
  if (key === undefined) return known
  const heard = scene.reporters.get(key)
  const isNews = heard === undefined || heard.has(reporter)
  const reporters = new Map(scene.reporters).set(
    key,
    isNews ? new Set([reporter]) : new Set([...heard, reporter]),
  )
  const next: Scene = { ...known, reporters }
  if (!isNews) return next
  const source = isOwnEvent(event) ? '' : ` (first known to ${reporter})`
  return say(next, eventSentence(reporter, event) + source, eventTone(event))
}

function noteDowning(scene: Scene, reporter: string, event: NodeEvent): Scene {
  if (event.type === 'member-downed') return { ...scene, downed: [...scene.downed, event.member] }
  if (event.type !== 'self-downed') return scene
  const { incarnation = 0 } = scene.nodes.get(reporter) ?? {}
  const ended = [...scene.ended, { name: reporter, incarnation }]
  return change({ ...scene, ended }, reporter, { state: 'downed', view: undefined })
}

/** A new node has reported nothing yet: what it will tell first is what the others know already. */
function forgetReporter(scene: Scene, name: string): Scene {
  const reporters = new Map(
    [...scene.reporters].map(([key, known]) => [
      key,
      new Set([...known].filter((reporter) => reporter !== name)),
    ]),
  )
  return { ...scene, reporters }
}

function say(scene: Scene, text: string, tone: Tone): Scene {
  const number = (scene.timeline.at(-1)?.number ?? 0) + 1
  const entry: TimelineEntry = { number, atMs: scene.atMs, text, tone }
  return { ...scene, timeline: [...scene.timeline, entry].slice(-longestTimeline) }
}

function endingSentence({
  node,
  pid,
  ending,
  failure,
}: Extract<News, { type: 'process-ended' }>): string {
  switch (ending) {
    case 'killed':
      return `${node} was killed: process ${pid} is gone`
    case 'left':
      return `${node} has left, and process ${pid} has ended`
    case 'stopped':
      return `${node} was ended with the demo`
    case 'failed':
      return `${node} failed: ${failure?.message ?? 'nobody knows why.'}`
  }
}
