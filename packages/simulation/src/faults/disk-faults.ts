// What goes wrong with disks. Power loss is a fault of machines: see `processFaults`.
import type { Random } from '@casty/clock'
import { defineAction, type ActionType } from '../run/action.ts'
import type { DiskFaults } from '../storage/disk-faults.ts'
import { drawLogarithmic, drawOne } from '../world/seeds.ts'

type ChanceFault = 'shortWrite' | 'writeError' | 'syncError' | 'readError' | 'bitFlip'

/** Long enough for some operations, short enough for a program to recover within a run. */
const lastsMs = (random: Random): number => drawLogarithmic(random, 100, 10_000)

/** Faults of disks, for scenarios whose programs write. */
export function diskFaults<P, S>(): readonly ActionType<P, S>[] {
  return [
    ...(['shortWrite', 'writeError', 'syncError', 'readError', 'bitFlip'] as const).map((fault) =>
      chanceFault<P, S>(fault),
    ),
    fault('disk-full', (random) => ({ spaceLeftBytes: drawLogarithmic(random, 1, 100_000) })),
    fault('slow-disk', (random) => ({ latencyFactor: drawLogarithmic(random, 2, 1_000) })),
    fault('read-only-disk', () => ({ readOnly: true })),
  ]
}

function chanceFault<P, S>(name: ChanceFault): ActionType<P, S> {
  return fault(kebab(name), (random) => ({ [name]: random() ** 2 }))
}

/** Sets some faults of one disk for a while, and then those same ones back. */
function fault<P, S>(
  type: string,
  drawFaults: (random: Random) => Readonly<Record<string, number | boolean>>,
): ActionType<P, S> {
  return defineAction({
    type,
    kind: 'fault',
    weight: 1,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      forMs: lastsMs(random),
      ...drawFaults(random),
    }),
    perform: (run, { host, forMs, ...values }) => {
      run.note(host, 'fault', `${type} ${Object.values(values).join(' ')} for ${forMs} ms`)
      // `drawFaults` of the same type gave the rest.
      run.world.damageDisk(host, values as Partial<DiskFaults>, forMs)
    },
  })
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** Whose end is the end of it: what is on a disk stays readable. */
const passing: ReadonlySet<string> = new Set(['slow-disk', 'write-error', 'short-write'])

/** Faults of disks after which all that was written is still there. */
export function passingDiskFaults<P, S>(): readonly ActionType<P, S>[] {
  return diskFaults<P, S>().filter(({ type }) => passing.has(type))
}
