import type { RunResult } from '../run/run-result.ts'
import type { DiagramOptions } from './diagram-options.ts'
import { drawAxis, drawBands } from './draw-axis.ts'
import { drawHeader } from './draw-header.ts'
import { drawFaults, drawLanes, drawLives, drawNames } from './draw-lanes.ts'
import { drawLabels, drawSilentChanges } from './draw-marks.ts'
import { drawCauses, drawMessages, drawRoutine } from './draw-messages.ts'
import { layOut } from './layout.ts'
import { tellStory } from './story.ts'
import { definitions } from './style.ts'
import { element } from './svg.ts'

/**
 * A picture of a run, as SVG: hosts side by side, time downwards, messages slanted between them. For
 * people who look for the cause of a violation: what happened within milliseconds is drawn apart,
 * quiet seconds are squeezed; what changed stands where it changed, and the way of the news that led
 * to the violation is marked. Equal runs give equal pictures.
 *
 * @param result - of a run that kept its trace: `simulate(scenario, seed, { keepAll: true })`
 * @throws SimulationError `CASTY_SIMULATION_INVALID_OPTION` for a run without trace, or a wrong option
 * @see Lamport, "Time, clocks, and the ordering of events in a distributed system", CACM 1978
 * @example
 * const result = await simulate(membershipScenario, 1, { keepAll: true })
 * writeFileSync('run.svg', spaceTimeDiagram(result))
 */
export function spaceTimeDiagram(result: RunResult, options: DiagramOptions = {}): string {
  const story = tellStory(result, options)
  const page = layOut(story)
  const header = drawHeader(story, page)
  const height = Math.ceil(header.height + page.axis.height + 20)
  const body = [
    drawBands(page),
    drawLanes(story, page),
    drawRoutine(story, page),
    drawCauses(story, page),
    drawFaults(story, page),
    drawLives(story, page),
    drawSilentChanges(story, page),
    drawMessages(story, page),
    drawAxis(page),
    drawLabels(page),
  ]
  const { plan, verdict } = result
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${page.width} ${height}`,
      width: page.width,
      height,
      role: 'img',
      'aria-label': `${plan.scenario}, seed ${plan.seed}: ${verdict}`,
    },
    definitions,
    element('rect', { class: 'page', width: page.width, height }),
    header.svg,
    drawNames(story, page, header.height - 4),
    element('g', { transform: `translate(0 ${header.height + 6})` }, ...body),
  )
}
