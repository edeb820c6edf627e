import type { Sides, StepHeading } from './news.ts'
import {
  missingAgreement,
  missingFarewell,
  missingListener,
  missingReplacement,
  missingReturn,
  missingSuspicion,
  missingTrust,
  wronglyDowned,
} from './questions.ts'
import type { Scene } from './scene.ts'

/** What the story can do to the processes. */
export interface Stage {
  launch(): void
  kill(name: string): void
  restart(name: string): void
  pause(name: string): void
  resume(name: string): void
  leave(name: string): void
  cut(sides: Sides): void
  mend(): void
  /** Lets time pass. Rejects when the run is interrupted. */
  wait(durationMs: number): Promise<void>
}

export interface Step extends StepHeading {
  /** Counted from when `act` is done. */
  readonly deadlineMs: number
  /** The earlier step from whose `act` its time counts. @defaultValue its own */
  readonly countsFrom?: string
  /** Whether the reader gets a moment before it. */
  readonly follows: 'at-once' | 'after-a-pause'
  act(stage: Stage): void | Promise<void>
  /** What is still missing; undefined once the step has come about. */
  missing(scene: Scene, context: StepContext): string | undefined
  /** What must not happen, and has; undefined while all is well. */
  broken?(scene: Scene, context: StepContext): string | undefined
}

export interface StepContext {
  /** As it was before `act`. */
  readonly before: Scene
  /** When `act` was done. */
  readonly sinceMs: number
}

/** How long the one that is stopped is stopped. */
const stallMs = 3_000
/**
 * The longest step takes a quarter of it: silence is noticed after 5.3 s at most, and decided on when the
 * picture was quiet for 5 s. A busy machine takes longer.
 */
export const patienceMs = 60_000

/** Names of `count` nodes, in the order in which they start. */
export function nodeNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `n${index + 1}`)
}

/** How every story begins: until all nodes see each other up. */
export function opening(count: number): readonly Step[] {
  const all = nodeNames(count)
  return [
    {
      id: 'started',
      title: `${count} processes start, each with a node that listens`,
      since: 'fork',
      deadlineMs: patienceMs,
      follows: 'at-once',
      act: (stage) => stage.launch(),
      missing: missingListener,
    },
    {
      id: 'all-up',
      title: 'every node sees every other one up',
      since: 'the last one listens',
      deadlineMs: patienceMs,
      follows: 'at-once',
      act: () => {},
      missing: (scene) => missingAgreement(scene, all),
    },
  ]
}

/** The story of a death, a return, a stall and a leave, told with nodes n1 to n`count`. */
export function story(count: number): readonly Step[] {
  const all = nodeNames(count)
  const [leaver, sleeper, victim] = ['n1', 'n2', 'n3'] as const
  const remaining = all.filter((name) => name !== leaver)
  return [
    ...opening(count),
    {
      id: 'unreachable',
      title: `kill -9 ${victim}: all survivors find it unreachable`,
      since: 'the kill',
      deadlineMs: patienceMs,
      follows: 'after-a-pause',
      act: (stage) => stage.kill(victim),
      missing: (scene) => missingSuspicion(scene, victim),
    },
    {
      id: 'restarted',
      title: `${victim} is started again at the same address`,
      since: 'fork',
      deadlineMs: patienceMs,
      follows: 'after-a-pause',
      act: (stage) => stage.restart(victim),
      missing: (scene, { before }) => missingReturn(scene, before, victim),
    },
    {
      id: 'replaced',
      title: `the old ${victim} is gone and the new one up, for everybody`,
      since: `${victim} listens`,
      deadlineMs: patienceMs,
      follows: 'at-once',
      act: () => {},
      missing: (scene) => missingReplacement(scene, victim) ?? missingAgreement(scene, all),
    },
    {
      id: 'stalled',
      title: `SIGSTOP ${sleeper} for ${stallMs / 1_000} s: nobody is downed`,
      since: 'SIGCONT, to trust',
      deadlineMs: patienceMs,
      follows: 'after-a-pause',
      act: async (stage) => {
        stage.pause(sleeper)
        await stage.wait(stallMs)
        stage.resume(sleeper)
      },
      missing: (scene, { sinceMs }) =>
        missingTrust(scene, sleeper, sinceMs) ?? missingAgreement(scene, all),
      broken: (scene, { before }) => wronglyDowned(scene, before),
    },
    {
      id: 'left',
      title: `${leaver}, the oldest and so the leader, leaves in good order`,
      since: 'its wish to leave',
      deadlineMs: patienceMs,
      follows: 'after-a-pause',
      act: (stage) => stage.leave(leaver),
      missing: (scene) => missingFarewell(scene, leaver) ?? missingAgreement(scene, remaining),
      broken: (scene, { before }) => wronglyDowned(scene, before),
    },
  ]
}
