// What users do with values, each call judged by what is known outside.
import { ReplicatorError, type Consistency } from '@casty/replicator'
import { whenOverdue } from '../world/overdue.ts'
import type { ReplicatorHost } from './host.ts'
import { recordOf } from './record.ts'
import type { ReplicatorProcess, ReplicatorRun } from './replicator-run.ts'
import { replicatorSettings } from './settings.ts'
import type { CallEnd, SharedValue } from './shared-values.ts'

export interface CallOptions {
  readonly consistency: Consistency
  readonly timeoutMs: number
}

/** After its time a call may take so much longer, in milliseconds; for a store some more. */
const slackMs = 20
const storeMs = 2_000

/** So long a call takes at most, in milliseconds. */
export function longestMs(run: ReplicatorRun, timeoutMs: number): number {
  const { hasStore } = replicatorSettings(run.plan)
  return timeoutMs + slackMs + (hasStore ? storeMs : 0)
}

export async function add(
  run: ReplicatorRun,
  process: ReplicatorProcess,
  value: SharedValue,
  { consistency, timeoutMs }: CallOptions,
): Promise<void> {
  const record = recordOf(run)
  const element = record.nextElement(value)
  const { program } = process
  if (element === undefined || !program) return
  record.knowledge.adds(value, element)
  const { nodes, changes } = program
  const options = { write: consistency, timeoutMs }
  const end = await call(run, process, `adding ${element} to ${value.name}`, timeoutMs, () =>
    value.add(program.replicator, element, options),
  )
  if (end?.type !== 'confirmed') return
  confirmed(run, process, value, element, end)
  const isSettled = program.changes === changes
  record.confirmations.wrote(value.name, element, isSettled ? nodes : undefined, end.nodes)
}

/** Another node reads at once what one has put in: deltas have not come there yet, so others must be asked. */
export async function handOn(
  run: ReplicatorRun,
  [writer, reader]: readonly [ReplicatorProcess, ReplicatorProcess],
  value: SharedValue,
  options: CallOptions,
): Promise<void> {
  await add(run, writer, value, options)
  if (reader.isRunning && !run.world.isStopped(reader.host)) await read(run, reader, value, options)
}

/** As many as are said to have it must have it. */
function confirmed(
  run: ReplicatorRun,
  process: ReplicatorProcess,
  value: SharedValue,
  element: string,
  { nodes }: CallEnd,
): void {
  const record = recordOf(run)
  if (nodes === process.program?.nodes.length && nodes > 2) {
    record.reach('a write is confirmed by all')
  }
  const { hasStore } = replicatorSettings(run.plan)
  // It may be taken out, or written over, before it is seen.
  if (record.knowledge.mayBeGone(value, element)) return
  const knowers = record.knowledge.knowers(value, element, hasStore)
  if (knowers >= nodes) return
  const text = `${element} of ${value.name} is confirmed by ${nodes} nodes, and ${knowers} have it`
  run.violate('what is confirmed is there', `${process}: ${text}`, process.host)
}

/** @param which - a draw from 0 to 1, of those that are there */
export async function remove(
  run: ReplicatorRun,
  process: ReplicatorProcess,
  value: SharedValue,
  which: number,
  { consistency, timeoutMs }: CallOptions,
): Promise<void> {
  const { program } = process
  if (!program || value.kind !== 'removable') return
  const there = [...value.elementsAt(program.replicator)].toSorted()
  const element = there[Math.floor(which * there.length)]
  if (element === undefined) return
  recordOf(run).knowledge.removes(value, element)
  await call(run, process, `removing ${element} of ${value.name}`, timeoutMs, () =>
    value.remove(program.replicator, element, { write: consistency, timeoutMs }),
  )
}

export async function clear(
  run: ReplicatorRun,
  process: ReplicatorProcess,
  value: SharedValue,
  { consistency, timeoutMs }: CallOptions,
): Promise<void> {
  const { program } = process
  if (!program || value.kind !== 'removable') return
  const { knowledge } = recordOf(run)
  for (const element of value.elementsAt(program.replicator)) knowledge.removes(value, element)
  await call(run, process, `deleting ${value.name}`, timeoutMs, () =>
    value.clear(program.replicator, { write: consistency, timeoutMs }),
  )
}

export async function read(
  run: ReplicatorRun,
  process: ReplicatorProcess,
  value: SharedValue,
  { consistency, timeoutMs }: CallOptions,
): Promise<void> {
  const { confirmations, knowledge } = recordOf(run)
  const { program } = process
  if (!program) return
  const { nodes, changes } = program
  const mark = confirmations.mark(value.name)
  const end = await call(run, process, `reading ${value.name}`, timeoutMs, () =>
    value.read(program.replicator, { read: consistency, timeoutMs }),
  )
  if (end?.type !== 'confirmed' || program.changes !== changes || value.kind === 'replaced') return
  const wanted = confirmations.seenBy(value.name, mark, nodes, end.nodes)
  if (wanted.length > 0) run.reach('a read is judged by what was confirmed')
  const missing = wanted.find(
    (element) => !end.elements.has(element) && !knowledge.mayBeGone(value, element),
  )
  if (missing === undefined) return
  const text = `${process} reads ${value.name} of ${end.nodes} nodes, and not ${missing}`
  run.violate('reads see what was confirmed', text, process.host)
}

/** @returns undefined where it failed, or whoever asked is gone */
async function call<T extends CallEnd>(
  run: ReplicatorRun,
  process: ReplicatorProcess,
  what: string,
  timeoutMs: number,
  begin: () => Promise<T>,
): Promise<T | undefined> {
  const { program } = process
  if (!program) return undefined
  program.open += 1
  let isOver = false
  const asked = begin()
  const overdue = whenOverdue(process.clock, longestMs(run, timeoutMs), () => {
    if (isOver || !process.isRunning) return
    run.violate('calls end in time', `${what} at ${process} goes on`, process.host)
  })
  try {
    const end = await asked
    if (end.type === 'unconfirmed') recordOf(run).reach('a call is not confirmed')
    return process.isRunning ? end : undefined
  } catch (error) {
    if (process.isRunning) failed(run, process, program, what, error)
    return undefined
  } finally {
    isOver = true
    program.open -= 1
    overdue[Symbol.dispose]()
  }
}

function failed(
  run: ReplicatorRun,
  process: ReplicatorProcess,
  { hasEnded }: ReplicatorHost,
  what: string,
  error: unknown,
): void {
  const isExpected =
    error instanceof ReplicatorError && error.code === 'CASTY_REPLICATOR_STOPPED' && hasEnded
  if (isExpected) return
  run.violate('calls fail for a reason', `${what} at ${process}: ${String(error)}`, process.host)
}
