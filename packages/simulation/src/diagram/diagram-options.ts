import { SimulationError } from '../errors.ts'
import type { RunResult } from '../run/run-result.ts'
import type { TraceEvent } from '../world/trace.ts'
import type { FrameLabel } from './frame-labels.ts'

export interface DiagramOptions {
  /**
   * Where the picture begins, in milliseconds of virtual time. By default a run of few events is shown
   * whole, of others the last 10 s before the violation, or before their end; less where more than
   * 5,000 events lie in them.
   */
  readonly fromMs?: number
  /** Where it ends. @defaultValue the first violation, or the end of the run */
  readonly toMs?: number
  /** The hosts to show, from left to right. @defaultValue all */
  readonly hosts?: readonly string[]
  /**
   * Says what a frame of one's own types carries; undefined leaves it to the diagram, which knows the
   * frames of the transport and of membership.
   *
   * @param body - valid during the call
   */
  readonly labelOf?: (frameType: number, body: Uint8Array) => FrameLabel | undefined
}

/** What of a trace is shown: the events at `[first, end)`. */
export interface Window {
  readonly trace: readonly TraceEvent[]
  readonly hosts: readonly string[]
  readonly fromMs: number
  readonly toMs: number
  readonly first: number
  readonly end: number
  /** Its beginning was not asked for: there was too much to show. */
  readonly isCutShort: boolean
}

/** A run of no more events is shown whole. */
const wholeEvents = 2_500
const windowMs = 10_000
/** More events make the default window shorter. */
const mostEvents = 5_000
const leastWindowMs = 1_000

/** @throws SimulationError `CASTY_SIMULATION_INVALID_OPTION` */
export function chooseWindow(result: RunResult, options: DiagramOptions): Window {
  const { trace, plan, violations, virtualMs } = result
  if (trace === undefined) {
    throw SimulationError.invalidOption('trace', trace, 'kept: simulate with `{ keepAll: true }`')
  }
  const known = plan.hosts.map(({ name }) => name)
  const { hosts = known } = options
  if (hosts.length === 0 || hosts.some((host) => !known.includes(host))) {
    throw SimulationError.invalidOption('hosts', hosts, `some of ${known.join(', ')}`)
  }
  const toMs = instant('toMs', options.toMs) ?? violations[0]?.at ?? virtualMs
  const end = indexAfter(trace, toMs)
  const isCutShort = options.fromMs === undefined && end > wholeEvents && toMs > windowMs
  const fromMs = instant('fromMs', options.fromMs) ?? (isCutShort ? startOf(trace, toMs, end) : 0)
  if (fromMs >= toMs && toMs > 0) {
    throw SimulationError.invalidOption('fromMs', fromMs, `less than toMs (${toMs})`)
  }
  const first = trace.findIndex(({ at }) => at >= fromMs)
  return { trace, hosts, fromMs, toMs, first: first < 0 ? end : first, end, isCutShort }
}

/** 10 s before the end, or less where too much happens in them. */
function startOf(trace: readonly TraceEvent[], toMs: number, end: number): number {
  let lastsMs = windowMs
  while (lastsMs > leastWindowMs && end - indexAfter(trace, toMs - lastsMs) > mostEvents) {
    lastsMs /= 2
  }
  return toMs - lastsMs
}

function instant(option: string, value: number | undefined): number | undefined {
  if (value !== undefined && !(value >= 0 && value < Number.POSITIVE_INFINITY)) {
    throw SimulationError.invalidOption(
      option,
      value,
      'a finite number of milliseconds, at least 0',
    )
  }
  return value
}

/** The place of the first event later than an instant. */
export function indexAfter(trace: readonly TraceEvent[], toMs: number): number {
  const after = trace.findIndex(({ at }) => at > toMs)
  return after < 0 ? trace.length : after
}
