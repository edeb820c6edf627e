// Everything that a picture shows, gathered from the trace, before anything has a place on the page.
import type { RunResult } from '../run/run-result.ts'
import { causesOf, type Causes } from './causes.ts'
import { findChanges, type Changes } from './changes.ts'
import { chooseWindow, type DiagramOptions, type Window } from './diagram-options.ts'
import { faultsIn, type FaultSpan } from './faults.ts'
import { livesIn, type Life } from './lives.ts'
import { findCourses, messagesIn, type Message } from './messages.ts'

export interface Story {
  readonly result: RunResult
  readonly window: Window
  readonly changes: Changes
  readonly messages: readonly Message[]
  readonly faults: readonly FaultSpan[]
  readonly lives: readonly Life[]
  readonly causes: Causes
}

const noCauses: Causes = { changes: new Set(), arrivals: new Set() }

export function tellStory(result: RunResult, options: DiagramOptions): Story {
  const window = chooseWindow(result, options)
  const { trace, first, end } = window
  const changes = findChanges(
    trace,
    result.plan.hosts.map(({ name }) => name),
  )
  const courses = findCourses(trace)
  const violation = trace
    .slice(0, end)
    .findIndex((event, index) => index >= first && isViolation(event))
  const accused = trace[violation]
  return {
    result,
    window,
    changes,
    messages: messagesIn(window, courses, changes, options.labelOf),
    faults: faultsIn(window, result.plan.chaosMs),
    lives: livesIn(window),
    causes:
      accused?.type === 'note'
        ? causesOf(changes, accused.host, violation, (arrival) => {
            const course = courses.get(arrival)
            return course?.sent && { from: course.from, index: course.sent.index }
          })
        : noCauses,
  }
}

function isViolation(event: Window['trace'][number]): boolean {
  return event.type === 'note' && event.kind === 'violation'
}
