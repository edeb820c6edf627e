import type { SceneStep } from '../scene.ts'
import { seconds } from '../sentences.ts'
import { padEnd, padStart, paint, widthOf, type Line } from './style.ts'

/** The steps with what they took, as a table; lines as wide as they are. */
export function summaryLines(steps: readonly SceneStep[], color: boolean): readonly string[] {
  if (steps.length === 0) return []
  const width = Math.max(...steps.map(({ title }) => widthOf(title)))
  const lines = steps.map((step, index) => stepLine(step, index, width))
  const done = steps.filter(({ outcome }) => outcome?.type === 'done').length
  const total: Line = [
    {
      text: `${done} of ${steps.length} steps came about.`,
      tone: done === steps.length ? 'good' : 'bad',
    },
  ]
  return [...lines, [], total].map((line) => paint(line, Number.POSITIVE_INFINITY, color))
}

function stepLine({ title, since, outcome }: SceneStep, index: number, width: number): Line {
  const head = ` ${index + 1}  ${padEnd(title, width)}  `
  if (outcome === undefined) return [{ text: `${head}not told`, tone: 'quiet' }]
  const time = padStart(seconds(outcome.elapsedMs), 7)
  if (outcome.type === 'done')
    return [{ text: `${head}${time}` }, { text: `  after ${since}`, tone: 'quiet' }]
  return [{ text: `${head}failed`, tone: 'bad' }]
}

/** What went wrong, and what every node says of it. */
export function failureLines(
  steps: readonly SceneStep[],
  explanations: readonly { readonly node: string; readonly summary: string }[],
): readonly string[] {
  const failed = steps.find(({ outcome }) => outcome?.type === 'failed')
  if (failed?.outcome?.type !== 'failed') return []
  return [
    `Failed: ${failed.title}. ${failed.outcome.reason}`,
    ...explanations.map(({ node, summary }) => `  ${node}: ${summary}`),
  ]
}
