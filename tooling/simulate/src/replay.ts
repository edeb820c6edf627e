// One run, in full.
import type { RunResult } from '@casty/simulation'
import { bugNamed } from './bugs/catalogue.ts'
import type { Replay } from './command-line.ts'
import { Hand } from './hand.ts'
import type { Output } from './output.ts'
import { checkDiagram, readPlan, writeDiagram, writePlan } from './plan-file.ts'
import { eventLines, failureReport, planName, runName, violationLine } from './report/failure.ts'
import { failureLine, runLine } from './report/json.ts'
import { closingLine, count, duration } from './report/totals.ts'
import { planInWords } from './report/words.ts'
import type { Outcome, Task } from './task.ts'

export async function replay(command: Replay, output: Output): Promise<number> {
  await using hand = new Hand(command.bug === undefined ? undefined : bugNamed(command.bug))
  return await replayBy(hand, command, output)
}

/** @param hand - carries out the runs; it starts its thread with the first of them */
export async function replayBy(
  hand: Pick<Hand, 'carryOut'>,
  command: Replay,
  output: Output,
): Promise<number> {
  checkDiagram(command.diagram ?? '')
  const tasks = tasksOf(command)
  const failed: Outcome[] = []
  let [passed, unknown] = [0, 0]
  // Nobody is to look for a failure above what came after it.
  const tellFailed = (): void => {
    for (const outcome of failed) tellFailure(outcome, command, output)
    output.text(`\n${closingLine(passed, failed.length, unknown)}`)
  }
  output.whenInterrupted(tellFailed)
  for (const task of tasks) {
    const outcome = await hand.carryOut(task, (text) => output.progress(text))
    output.json(runLine(outcome))
    if (outcome.result.verdict === 'violated') {
      failed.push(outcome)
      continue
    }
    if (outcome.result.verdict === 'passed') passed += 1
    else unknown += 1
    output.text(quietReport(outcome, command))
    tellRest(outcome, command, output)
  }
  tellFailed()
  return failed.length === 0 ? 0 : 1
}

function tasksOf({ subject, scenarios, shrink, ...command }: Replay): readonly Task[] {
  const asked = { events: true, diagram: command.diagram !== undefined }
  if ('planFile' in subject) {
    const plan = readPlan(subject.planFile)
    return [{ scenario: plan.scenario, subject: { plan }, shrink: false, ...asked }]
  }
  return scenarios.map((scenario) => ({ scenario, subject, shrink, ...asked }))
}

function tellFailure(outcome: Outcome, command: Replay, output: Output): void {
  const { subject, bug } = command
  const isReplay = 'planFile' in subject
  const planFile = isReplay ? subject.planFile : writePlan((outcome.shrunk ?? outcome.result).plan)
  output.text(failureReport(outcome, { planFile, bug, isReplay }))
  output.json(failureLine(outcome, { planFile, bug, isReplay }))
  tellRest(outcome, command, output)
}

/** What stands below every run. */
function tellRest(outcome: Outcome, command: Replay, output: Output): void {
  if (outcome.diagram !== undefined) tellDiagram(outcome.diagram, outcome, command, output)
  output.text(footer(outcome))
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

/** Of several runs one that holds is told in a line, and the events of one that holds never. */
function quietReport({ result }: Outcome, { subject, scenarios }: Replay): string {
  const { plan, verdict, unknown } = result
  const isReplay = 'planFile' in subject
  const name = isReplay
    ? planName(plan.scenario, subject.planFile)
    : runName(plan.scenario, plan.seed)
  const isOnly = isReplay || scenarios.length === 1
  return [
    `${verdict === 'passed' ? '✓' : '?'} ${name}`,
    ...unknown.map((one) => `  ${violationLine(one)}`),
    ...(isOnly || verdict === 'unknown'
      ? ['', '  The plan:', ...planInWords(plan).map((line) => `    ${line}`)]
      : []),
    ...(verdict === 'unknown'
      ? ['', '  The last events of each host:', ...eventLines(result)]
      : []),
  ].join('\n')
}

/** Of a run that was made smaller both ends: the hash of one says nothing about the other. */
function footer({ result, shrunk, wallMs }: Outcome): string {
  const small = shrunk === undefined ? [] : [`The smaller run, ${ending(shrunk.result)}`]
  const whole = `${shrunk === undefined ? '' : 'The whole run, '}${ending(result)}`
  return ['', ...small, whole, `${duration(wallMs)} of real time.`].join('\n')
}

function ending({ verdict, events, virtualMs, traceHash, reached }: RunResult): string {
  const rare = reached.size === 0 ? '' : `\n  Rare states: ${[...reached.keys()].join(', ')}.`
  return (
    `${verdict}: ${count(events)} events in ${duration(virtualMs)} of virtual time; ` +
    `trace ${traceHash}${rare}`
  )
}
