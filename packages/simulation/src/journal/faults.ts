// What goes wrong with journals: the end of a process, or of the power, at any step of its work on the disk, and bits
// that flip where that must be told.
import { defineAction } from '../run/action.ts'
import { drawLogarithmic, drawOne } from '../world/seeds.ts'
import type { JournalAction } from './journal-run.ts'
import { pathOf } from './journal-files.ts'
import { recordOf } from './record.ts'

export const journalFaults: readonly JournalAction[] = [
  defineAction({
    type: 'end-at-step',
    kind: 'fault',
    weight: 6,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      steps: drawLogarithmic(random, 1, 40),
      how: drawOne(random, ['killed', 'power lost', 'power lost'] as const),
      upAfterMs: drawLogarithmic(random, 1, 1_000),
    }),
    perform: (run, { host, steps, how, upAfterMs }) => {
      run.note(host, 'fault', `${how} in ${steps} steps`)
      recordOf(run).layMine(host, steps, () =>
        // Once it has begun: whether it is carried out is up to chance.
        run.later(0, () => {
          if (how === 'killed') run.world.crash(host)
          else run.world.vanish(host)
          run.later(upAfterMs, () => run.world.start(host))
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
