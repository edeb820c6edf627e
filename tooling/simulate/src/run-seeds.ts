// Many seeds, on all cores: what they come to, and the first that fail in full.
import { Ledger } from '@casty/simulation'
import type { RunSeeds, RunSuite } from './command-line.ts'
import { Hands } from './hand.ts'
import type { Output } from './output.ts'
import { writePlan } from './plan-file.ts'
import { failureReport, replayCommand, runName, violationLine } from './report/failure.ts'
import { failureLine, runLine, totalsLine } from './report/json.ts'
import { closingLine, totalsTable, type SetOfRuns } from './report/totals.ts'
import { scenarioNamed } from './scenarios.ts'
import type { SeedSet } from './seed-set.ts'
import { suiteNamed } from './suites.ts'
import type { Outcome } from './task.ts'

/** Failed runs that are told in full; of the others, the seed. */
const explained = 3

export async function runSeeds(command: RunSeeds, output: Output): Promise<number> {
  const { scenarios, seeds, from, requireRareStates } = command
  const sets = scenarios.map((scenario) => ({
    scenario,
    from,
    // Who names one scenario wants all of its seeds.
    seeds: scenarios.length === 1 ? seeds : Math.ceil(seeds / scenarioNamed(scenario).cost),
    requireRareStates,
  }))
  return await runSets(sets, command, output)
}

export async function runSuite(command: RunSuite, output: Output): Promise<number> {
  return await runSets(suiteNamed(command.suite), command, output)
}

interface Manner {
  readonly workers: number
  readonly shrink: boolean
}

/** One set after the other, by the same threads: code takes seconds to load, and as long to become fast. */
async function runSets(
  wanted: readonly SeedSet[],
  { workers, shrink }: Manner,
  output: Output,
): Promise<number> {
  const sets: ScenarioSeeds[] = []
  output.whenInterrupted(() => sets.forEach((set) => set.close()))
  await using hands = new Hands(workers)
  for (const one of wanted) {
    const set = new ScenarioSeeds(one, { hands, shrink, output })
    sets.push(set)
    await set.run()
    await set.explain()
    set.close()
  }
  const counts = sets.map(({ summary: { totals } }) => totals)
  const sum = (name: 'passed' | 'violated' | 'unknown'): number =>
    counts.reduce((total, one) => total + one[name], 0)
  const lacking = sets.filter((set) => set.lacksRareStates)
  for (const { summary } of lacking) {
    output.text(`✗ simulation: ${summary.scenario} never reached: ${summary.missing.join(', ')}`)
  }
  const failed = sum('violated') + lacking.length
  output.text(`\n${closingLine(sum('passed'), failed, sum('unknown'))}`)
  return failed === 0 ? 0 : 1
}

/** The seeds of one scenario. */
class ScenarioSeeds {
  readonly #set: SeedSet
  readonly #hands: Hands
  readonly #shrink: boolean
  readonly #output: Output
  readonly #ledger = new Ledger()
  readonly #failed: Outcome[] = []
  readonly #startedAt = performance.now()
  #wallMs: number | undefined
  #isClosed = false

  constructor(
    set: SeedSet,
    parts: { readonly hands: Hands; readonly shrink: boolean; readonly output: Output },
  ) {
    this.#set = set
    this.#hands = parts.hands
    this.#shrink = parts.shrink
    this.#output = parts.output
  }

  get summary(): SetOfRuns {
    const { scenario } = this.#set
    const { rareStates } = scenarioNamed(scenario)
    return {
      scenario,
      totals: this.#ledger.toJSON(),
      missing: this.#ledger.missing(rareStates),
      wallMs: this.#wallMs ?? performance.now() - this.#startedAt,
    }
  }

  /** Whether it came to too little. */
  get lacksRareStates(): boolean {
    return this.#set.requireRareStates && this.summary.missing.length > 0
  }

  async run(): Promise<void> {
    const { scenario, from, seeds } = this.#set
    await this.#hands.each(range(from, seeds), async (seed, hand) => {
      const task = { scenario, subject: { seed }, events: false, shrink: false, diagram: false }
      this.#add(await hand.carryOut(task))
    })
    this.#wallMs = performance.now() - this.#startedAt
  }

  #add(outcome: Outcome): void {
    const { result } = outcome
    const { plan, verdict, violations, unknown } = result
    this.#ledger.add(result)
    this.#output.json(runLine(outcome))
    const [reason] = verdict === 'violated' ? violations : unknown
    if (reason !== undefined) {
      const mark = verdict === 'violated' ? '✗' : '?'
      this.#output.text(`${mark} ${runName(plan.scenario, plan.seed)}: ${violationLine(reason)}`)
    }
    if (verdict === 'violated') this.#failed.push(outcome)
    const { runs, violated } = this.#ledger.toJSON()
    const { scenario, seeds } = this.#set
    this.#output.progress(`${scenario}: ${runs} of ${seeds} seeds, ${violated} violated`)
  }

  /** Runs the first that failed again, for their events, and makes their plans smaller. */
  async explain(): Promise<void> {
    const { scenario } = this.#set
    const first = this.#failed.toSorted(bySeed).slice(0, explained)
    const outcomes: Outcome[] = []
    await this.#hands.each(first, async ({ result }, hand) => {
      const { plan } = result
      const shrink = this.#shrink
      const task = { scenario, subject: { plan }, events: true, shrink, diagram: false }
      const name = runName(plan.scenario, plan.seed)
      outcomes.push(await hand.carryOut(task, (text) => this.#output.progress(`${name}: ${text}`)))
    })
    for (const outcome of outcomes.toSorted(bySeed)) {
      const planFile = writePlan((outcome.shrunk ?? outcome.result).plan)
      this.#output.text(`\n${failureReport(outcome, { planFile })}`)
      this.#output.json(failureLine(outcome, { planFile }))
    }
    const others = this.#failed.toSorted(bySeed).slice(explained)
    if (others.length > 0) this.#output.text('\nThe others:')
    for (const { result } of others) {
      this.#output.text(`  ${replayCommand(result.plan.scenario, result.plan.seed)}`)
    }
  }

  /** Tells what there is. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#output.text(`\n${totalsTable(this.summary)}`)
    this.#output.json(totalsLine(this.summary))
  }
}

function bySeed(left: Outcome, right: Outcome): number {
  return left.result.plan.seed - right.result.plan.seed
}

function* range(from: number, count: number): Generator<number> {
  for (let seed = from; seed < from + count; seed++) yield seed
}
