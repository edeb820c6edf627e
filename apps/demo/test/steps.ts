import type { Stage, Step } from '../src/story.ts'

/** Nothing happens on it. */
export const idleStage: Stage = {
  launch() {},
  kill() {},
  restart() {},
  pause() {},
  resume() {},
  leave() {},
  cut() {},
  mend() {},
  wait: () => Promise.resolve(),
}

/** A step that is over at once, but for what is said otherwise. */
export function stepWith(changes: Partial<Step>): Step {
  return {
    id: 'a-step',
    title: 'something happens',
    since: 'then',
    deadlineMs: 0,
    follows: 'at-once',
    act() {},
    missing: () => undefined,
    ...changes,
  }
}
