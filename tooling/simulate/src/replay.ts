// One run, in full.
import type { Replay } from './command-line.ts'
import { Hand } from './hand.ts'
import type { Output } from './output.ts'
import { readPlan, writeDiagram, writePlan } from './plan-file.ts'
import { eventLines, failureReport, runName, violationLine } from './report/failure.ts'
import { failureLine, runLine } from './report/json.ts'
import { duration, count } from './report/totals.ts'
import { planInWords } from './report/words.ts'
import type { Outcome, Task } from './task.ts'

export async function replay(command: Replay, output: Output): Promise<number> {
  const tasks = tasksOf(command)
  let violated = 0
  await using hand = new Hand(command.bug)
  for (const task of tasks) {
    const outcome = await hand.carryOut(task, (text) => output.progress(text))
    output.json(runLine(outcome))
    if (outcome.result.verdict === 'violated') {
      violated += 1
      tellFailure(outcome, command, output)
    } else {
      output.text(quietReport(outcome))
    }
    if (outcome.diagram !== undefined) tellDiagram(outcome.diagram, outcome, command, output)
    output.text(footer(outcome))
  }
  return violated === 0 ? 0 : 1
}

function tasksOf({ subject, scenarios, shrink, ...command }: Replay): readonly Task[] {
  const asked = { events: true, diagram: command.diagram !== undefined }
  if ('planFile' in subject) {
    const plan = readPlan(subject.planFile)
    return [{ scenario: plan.scenario, subject: { plan }, shrink: false, ...asked }]
  }
  return scenarios.map((scenario) => ({ scenario, subject, shrink, ...asked }))
}

function tellFailure(outcome: Outcome, { subject, bug }: Replay, output: Output): void {
  const planFile =
    'planFile' in subject ? subject.planFile : writePlan((outcome.shrunk ?? outcome.result).plan)
  output.text(failureReport(outcome, { planFile, bug }))
  output.json(failureLine(outcome, { planFile, bug }))
}

function tellDiagram(
  svg: string,
  { result, shrunk }: Outcome,
  { diagram = '' }: Replay,
  output: Output,
): void {
  const { plan } = result
  const path = writeDiagram(plan, svg, diagram)
  output.text(`\nThe diagram of ${shrunk === undefined ? 'the' : 'the smaller'} run: ${path}`)
  output.json(
    JSON.stringify({ type: 'diagram', scenario: plan.scenario, seed: plan.seed, file: path }),
  )
}

function quietReport({ result }: Outcome): string {
  const { plan, verdict, unknown } = result
  return [
    `${verdict === 'passed' ? '✓' : '?'} ${runName(plan.scenario, plan.seed)}`,
    ...unknown.map((one) => `  ${violationLine(one)}`),
    '',
    '  The plan:',
    ...planInWords(plan).map((line) => `    ${line}`),
    '',
    '  The last events of each host:',
    ...eventLines(result),
  ].join('\n')
}

function footer({ result, wallMs }: Outcome): string {
  const { verdict, events, virtualMs, traceHash, reached } = result
  const rare = reached.size === 0 ? '' : `\nRare states: ${[...reached.keys()].join(', ')}.`
  return (
    `\n${verdict}: ${count(events)} events in ${duration(virtualMs)} of virtual time, ` +
    `${duration(wallMs)} of real time; trace ${traceHash}${rare}`
  )
}
