// What clients do, and those who have no business to.
import type { JournalRecord as StoredRecord } from '@casty/persistence'
import { isJournalError } from '@casty/persistence'
import { defineAction } from '../run/action.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import type { JournalHost } from './host.ts'
import { inspect } from './inspect.ts'
import type { JournalAction, JournalRun } from './journal-run.ts'
import { recordOf } from './record.ts'
import { idsOf } from './settings.ts'

/** An id by a draw from 0 to 1: how many there are is for the plan to say. */
function idOf(run: JournalRun, draw: number): string {
  const ids = idsOf(run)
  return ids[Math.floor(draw * ids.length)] ?? 'id-1'
}

/** Those who are open; all else has nothing to be done with. */
function withOpen(run: JournalRun, host: string, action: (program: JournalHost) => void): void {
  const program = run.world.running(host)?.program
  if (program?.journal !== undefined && !run.world.isStopped(host)) action(program)
}

export const journalWorkload: readonly JournalAction[] = [
  defineAction({
    type: 'write',
    kind: 'workload',
    weight: 20,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      // Of which ids, each with how many have taken over since from the actor that is asked.
      ids: Array.from({ length: drawLogarithmic(random, 1, 12) }, () =>
        [random().toFixed(3), random() < 0.8 ? 0 : drawInteger(random, 1, 2)].join(' '),
      ),
      of: drawOne(random, [1, 1, 1, 2, 5]),
      bytes: drawLogarithmic(random, 1, 3_000),
    }),
    perform: (run, { host, ids, of, bytes }) =>
      withOpen(run, host, (program) => {
        for (const [draw = 0, age = 0] of ids.map((text) => text.split(' ').map(Number))) {
          void program.ask(idOf(run, draw), age, { of, bytes })
        }
      }),
  }),
  defineAction({
    type: 'read',
    kind: 'workload',
    weight: 2,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      id: random(),
      age: drawInteger(random, 0, 2),
    }),
    perform: (run, { host, id, age }) =>
      withOpen(run, host, (program) => void program.ask(idOf(run, id), age, 'read')),
  }),
  defineAction({
    type: 'inspect',
    kind: 'workload',
    weight: 1,
    draw: (random, hosts) => ({ host: drawOne(random, hosts), id: random() }),
    perform: (run, { host, id }) =>
      withOpen(run, host, (program) => void inspect(run, program, idOf(run, id))),
  }),
  defineAction({
    type: 'take-over',
    kind: 'workload',
    weight: 2,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      id: random(),
      // Of who decides where actors live; 0 for the next one.
      ahead: random() < 0.5 ? 0 : drawInteger(random, 1, 3),
    }),
    perform: (run, { host, id: draw, ahead }) =>
      withOpen(run, host, (program) => {
        const id = idOf(run, draw)
        const { epoch } = recordOf(run).model(host, id)
        program.takeOver(id, ahead === 0 ? undefined : epoch + ahead)
      }),
  }),
  defineAction({
    type: 'stale-write',
    kind: 'workload',
    weight: 2,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      id: random(),
      by: drawOne(random, ['epoch', 'number'] as const),
    }),
    perform: (run, { host, id, by }) =>
      withOpen(run, host, (program) => void writeStale(run, program, idOf(run, id), by)),
  }),
  defineAction({
    type: 'other-process',
    kind: 'workload',
    weight: 1,
    draw: (random, hosts) => ({ host: drawOne(random, hosts) }),
    perform: (run, { host }) => withOpen(run, host, (program) => void openToo(run, program)),
  }),
  defineAction({
    type: 'stop',
    kind: 'workload',
    weight: 1,
    draw: (random, hosts) => ({
      host: drawOne(random, hosts),
      upAfterMs: drawLogarithmic(random, 1, 1_000),
    }),
    perform: (run, { host, upAfterMs }) =>
      withOpen(run, host, (program) => {
        void program.stop()
        run.later(upAfterMs, () => run.world.start(host))
      }),
  }),
]

/** An owner of former times, or one who has not heard of the last event, goes on writing. */
async function writeStale(
  run: JournalRun,
  { host, journal }: JournalHost,
  id: string,
  by: 'epoch' | 'number',
): Promise<void> {
  if (journal === undefined) return
  const head = await journal.highest(id)
  const [epoch, expectedSequenceNr] =
    by === 'epoch' ? [head.epoch - 1, head.sequenceNr] : [head.epoch, head.sequenceNr - 1]
  if (epoch < 0 || expectedSequenceNr < 0) return
  const record = recordOf(run)
  try {
    await journal.append(id, { epoch, expectedSequenceNr, events: [staleEvent] })
  } catch (error) {
    const isFenced = isJournalError(error) && error.code === 'CASTY_JOURNAL_FENCED'
    if (isFenced) record.reach('a stale writer is refused')
    return
  }
  const text = `one wrote with epoch ${epoch} after event ${expectedSequenceNr}, past ${JSON.stringify(head)}`
  record.violate('a fenced writer writes no more', host, `${id}: ${text}`)
}

const staleEvent: StoredRecord = {
  manifest: '',
  version: 1,
  timestamp: 0,
  bytes: new TextEncoder().encode(JSON.stringify({ name: 'stale', padding: '' })),
}

/** Another process of the machine wants the same directory. */
async function openToo(run: JournalRun, program: JournalHost): Promise<void> {
  const { host, journal } = program
  const record = recordOf(run)
  try {
    const other = await program.openIn(program.directory('another process'))
    const isBoth = program.isAlive && program.journal !== undefined && program.journal === journal
    if (isBoth) record.violate('one process has a directory', host, 'two have it open')
    await other[Symbol.asyncDispose]()
  } catch (error) {
    if (!isJournalError(error)) throw error
    if (program.isAlive && program.journal === journal) record.reach('another process is kept out')
  }
}
