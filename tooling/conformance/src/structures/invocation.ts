import { isObject, type JsonObject } from '../json.ts'
import { argumentsOf, collected, renamed, type Callable } from './handles.ts'
import type { CaseRun } from './run-case.ts'

/** A structure in the hands of a process. */
export interface Handle {
  readonly process: string
  readonly kind: string
  readonly callable: Callable
}

/** Calls a structure as a step says, with what was bound before. */
export function invoke(
  run: CaseRun,
  handle: Handle,
  step: JsonObject,
  op: string,
  signal: AbortSignal | undefined,
): unknown {
  const on = typeof step['on'] === 'string' ? step['on'] : undefined
  const target =
    on === undefined
      ? handle.callable
      : ((run.leases.get(on)?.lease ?? run.bound.values.get(on)) as unknown as Callable)
  const method = target[op.replace(/^lease\./, '')]
  if (typeof method !== 'function') throw new Error(`${handle.kind} has no ${op}`)
  const args = argumentsOf(step['args'], (json) => run.meant(json))
  const last = args.at(-1)
  // Options that stand among the arguments.
  if (typeof last === 'object' && last !== null && op === 'nack')
    args.push(renamed(args.pop() as Callable))
  const opts = isObject(step['opts']) ? renamed(run.meant(step['opts']) as Callable) : {}
  const { signal: _, ...rest } = opts
  const options = { ...rest, ...(signal && { signal }) }
  if (Object.keys(options).length > 0) {
    while (args.length < requiredArguments(handle.kind, op)) args.push(undefined)
    args.push(options)
  }
  return Reflect.apply(method, target, args)
}

/** What a call came to; of a watch, once it has ended, with its events in `events`. */
export async function resultOf(op: string, result: unknown, events: unknown[]): Promise<unknown> {
  return op === 'watch' ? await watched(result, events) : collected(await result)
}

async function watched(result: unknown, events: unknown[]): Promise<void> {
  // What `watch` gives.
  for await (const event of result as AsyncIterable<unknown>) events.push(event)
}

/** Where options stand behind arguments that may be left out. */
function requiredArguments(kind: string, op: string): number {
  if (kind === 'semaphore' && /^(?:acquire|tryAcquire|tryLease)$/.test(op)) return 1
  if (kind === 'counter' && /^(?:increment|decrement)$/.test(op)) return 1
  return 0
}
