import type { RunResult } from './run-result.ts'

/** In how many runs a stage of healing took how many milliseconds, rounded up to a tenth of a second. */
export interface HealTotals {
  readonly tookMs: Readonly<Record<string, number>>
  /** With all stages before it. */
  readonly sinceMs: Readonly<Record<string, number>>
}

/** What a set of runs came to, as data that adds up. */
export interface LedgerTotals {
  readonly runs: number
  readonly passed: number
  readonly violated: number
  readonly unknown: number
  readonly events: number
  readonly virtualMs: number
  /** In how many runs each rare state was reached. */
  readonly reached: Readonly<Record<string, number>>
  /** How often each action was carried out. */
  readonly performed: Readonly<Record<string, number>>
  /** By stage. */
  readonly healing: Readonly<Record<string, HealTotals>>
}

interface HealCounts {
  readonly tookMs: Map<string, number>
  readonly sinceMs: Map<string, number>
}

const healStepMs = 100

/**
 * Counts over many runs: what was reached, what was done. A set of runs that never came to an
 * interesting state has proven nothing about it.
 */
export class Ledger {
  readonly #counts = { runs: 0, passed: 0, violated: 0, unknown: 0, events: 0, virtualMs: 0 }
  readonly #reached = new Map<string, number>()
  readonly #performed = new Map<string, number>()
  readonly #healing = new Map<string, HealCounts>()

  add(result: RunResult): void {
    this.#counts.runs += 1
    this.#counts[result.verdict] += 1
    this.#counts.events += result.events
    this.#counts.virtualMs += result.virtualMs
    for (const state of result.reached.keys()) add(this.#reached, state, 1)
    for (const [type, count] of result.performed) add(this.#performed, type, count)
    for (const { stage, tookMs, sinceMs } of result.healing) {
      const counts = this.#healCounts(stage)
      add(counts.tookMs, step(tookMs), 1)
      add(counts.sinceMs, step(sinceMs), 1)
    }
  }

  #healCounts(stage: string): HealCounts {
    const known = this.#healing.get(stage) ?? { tookMs: new Map(), sinceMs: new Map() }
    this.#healing.set(stage, known)
    return known
  }

  /** Takes over what others have counted. */
  merge(totals: LedgerTotals): void {
    for (const name of ['runs', 'passed', 'violated', 'unknown', 'events', 'virtualMs'] as const) {
      this.#counts[name] += totals[name]
    }
    for (const [state, count] of Object.entries(totals.reached)) add(this.#reached, state, count)
    for (const [type, count] of Object.entries(totals.performed)) add(this.#performed, type, count)
    for (const [stage, { tookMs, sinceMs }] of Object.entries(totals.healing)) {
      const counts = this.#healCounts(stage)
      for (const [ms, count] of Object.entries(tookMs)) add(counts.tookMs, ms, count)
      for (const [ms, count] of Object.entries(sinceMs)) add(counts.sinceMs, ms, count)
    }
  }

  /** Those of `states` that no run has reached. */
  missing(states: readonly string[]): readonly string[] {
    return states.filter((state) => !this.#reached.has(state))
  }

  toJSON(): LedgerTotals {
    return {
      ...this.#counts,
      reached: Object.fromEntries(this.#reached),
      performed: Object.fromEntries(this.#performed),
      healing: Object.fromEntries(
        [...this.#healing].map(([stage, { tookMs, sinceMs }]) => [
          stage,
          { tookMs: Object.fromEntries(tookMs), sinceMs: Object.fromEntries(sinceMs) },
        ]),
      ),
    }
  }
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count)
}

function step(ms: number): string {
  return String(Math.ceil(ms / healStepMs) * healStepMs)
}
