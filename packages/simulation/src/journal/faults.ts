// What goes wrong with journals: the end of a process, or of the power, at any step of its work on the disk, and bits
// that flip where that must be told.
import { defineAction } from '../run/action.ts'
import { drawLogarithmic, drawOne } from '../world/seeds.ts'
import type { JournalAction, JournalRun } from './journal-run.ts'
import { pathOf } from './journal-files.ts'
import { recordOf } from './record.ts'

const ends = ['killed', 'power lost'] as const

export const journalFaults: readonly JournalAction[] = [
  defineAction({
    type: 'end-at-step',
    kind: 'fault',
    weight: 5,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      how: drawOne(random, ends),
      steps: drawLogarithmic(random, 1, 40),
      upAfterMs: drawLogarithmic(random, 1, 1_000),
      // What is up again loses its power: of what it found, all was to be on the disk by then.
      againAfter: random() < 0.5 ? 0 : drawLogarithmic(random, 5, 40),
    }),
    perform: (run, { host, how, steps, upAfterMs, againAfter }) => {
      endAtStep(run, host, how, steps, () =>
        run.later(upAfterMs, () => {
          run.world.start(host)
          if (againAfter === 0) return
          endAtStep(run, host, 'power lost', againAfter, () =>
            run.later(upAfterMs, () => run.world.start(host)),
          )
        }),
      )
    },
  }),
  defineAction({
    type: 'damage',
    kind: 'fault',
    weight: 0.6,
    draw: (random, hosts) => ({ host: drawOne(random, hosts), file: random() }),
    perform: (run, { host, file }) => {
      const record = recordOf(run)
      const files = [...record.safeBytes(host)]
      const [name, bytes] = files[Math.floor(file * files.length)] ?? []
      if (name === undefined || bytes === undefined || bytes <= 0) return
      if (!run.world.disk(host).flipBit(pathOf(name), bytes)) return
      run.note(host, 'fault', `a bit of ${name} flips`)
      record.damaged(host)
    },
  }),
]

function endAtStep(
  run: JournalRun,
  host: string,
  how: (typeof ends)[number],
  steps: number,
  ended: () => void,
): void {
  run.note(host, 'fault', `${how} in ${steps} steps`)
  recordOf(run).layMine(host, steps, () =>
    // Once the step has begun: whether it is carried out is up to chance.
    run.later(0, () => {
      if (how === 'killed') run.world.crash(host)
      else run.world.vanish(host)
      ended()
    }),
  )
}
