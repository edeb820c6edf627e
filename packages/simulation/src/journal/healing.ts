// When nothing goes wrong any more: all start again, read what there is, and go on.
import type { HealStage } from '../run/scenario.ts'
import type { JournalHost } from './host.ts'
import { inspect } from './inspect.ts'
import type { JournalRun } from './journal-run.ts'
import { recordOf } from './record.ts'
import { idsOf } from './settings.ts'

export function journalHealing(run: JournalRun): readonly HealStage[] {
  return [allOpen(run), allGoOn(run)]
}

/** Whatever state a process was in: the next one finds what was acknowledged, or says what is damaged. */
function allOpen(run: JournalRun): HealStage {
  const { world } = run
  const missing = (): readonly string[] =>
    world.hosts.filter((host) => {
      const state = world.running(host)?.program?.state
      return state !== 'open' && state !== 'damaged'
    })
  return {
    name: 'every journal opens',
    withinMs: 60_000,
    begin() {
      for (const host of world.hosts) {
        world.crash(host)
        world.start(host)
      }
    },
    isDone: () => missing().length === 0,
    explain: () => `${missing().join(', ')} did not`,
  }
}

/** Each id takes events again, and what is read past the actors is what they say. */
function allGoOn(run: JournalRun): HealStage {
  const { world } = run
  const left = new Set<string>()
  const asked = new Set<string>()
  const tryOne = async (key: string, program: JournalHost, id: string): Promise<void> => {
    if (asked.has(key)) return
    asked.add(key)
    const isDone =
      (await program.ask(id, 0, { of: 2, bytes: 10 })) &&
      (await program.ask(id, 0, 'read')) &&
      (await inspect(run, program, id))
    asked.delete(key)
    // Where something is damaged, it is enough that this is told.
    if (isDone || recordOf(run).isDamaged(program.host)) left.delete(key)
  }
  return {
    name: 'every actor goes on',
    withinMs: 60_000,
    begin() {
      for (const host of world.hosts) {
        if (world.running(host)?.program?.journal === undefined) continue
        for (const id of idsOf(run)) left.add(`${host} ${id}`)
      }
    },
    nudge() {
      for (const key of left) {
        const [host = '', id = ''] = key.split(' ')
        const program = world.running(host)?.program
        if (program) void tryOne(key, program, id)
      }
    },
    isDone: () => left.size === 0,
    explain: () => `${[...left].join(', ')} did not`,
  }
}
