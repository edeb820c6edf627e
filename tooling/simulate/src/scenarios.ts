import {
  dataCentersScenario,
  journalScenario,
  largeMembershipScenario,
  largeSplitBrainScenario,
  membershipScenario,
  planOf,
  replicatorClientsScenario,
  replicatorScenario,
  Run,
  shardingClocksScenario,
  shardingDisksScenario,
  shardingScenario,
  shrink,
  splitBrainRacesScenario,
  splitBrainScenario,
  splitBrainUnrestScenario,
  structuresDisksScenario,
  structuresScenario,
  type Plan,
  type RunOptions,
  type RunResult,
  type Scenario,
  type Shrunk,
  type ShrinkOptions,
} from '@casty/simulation'

/** A scenario without the types of what runs in it, so that different ones stand in one list. */
export interface KnownScenario {
  readonly name: string
  readonly rareStates: readonly string[]
  /** When all scenarios are run, this one is given so many times fewer seeds than the others. */
  readonly cost: number
  planOf(seed: number): Plan
  run(plan: Plan, options?: RunOptions): Promise<RunResult>
  shrink(failed: RunResult, options?: ShrinkOptions): Promise<Shrunk>
}

function known<P, S>(scenario: Scenario<P, S>, cost = 1): KnownScenario {
  return {
    name: scenario.name,
    rareStates: scenario.rareStates,
    cost,
    planOf: (seed) => planOf(scenario, seed),
    run: async (plan, options) => await Run.of(scenario, plan, options),
    shrink: async (failed, options) => await shrink(scenario, failed, options),
  }
}

/** What `pnpm simulate` runs; a new layer adds its scenario here. */
export const scenarios: readonly KnownScenario[] = [
  known(membershipScenario),
  known(largeMembershipScenario, 5),
  known(splitBrainScenario),
  known(splitBrainRacesScenario, 3),
  known(splitBrainUnrestScenario, 3),
  known(largeSplitBrainScenario, 5),
  known(dataCentersScenario),
  known(journalScenario),
  known(shardingScenario, 3),
  known(shardingClocksScenario, 10),
  known(shardingDisksScenario, 5),
  known(structuresScenario, 5),
  known(structuresDisksScenario, 5),
  known(replicatorScenario, 3),
  known(replicatorClientsScenario, 5),
]

/** @throws Error for a name that was not checked before */
export function scenarioNamed(name: string): KnownScenario {
  const found = scenarios.find((scenario) => scenario.name === name)
  if (found === undefined) throw new Error(`There is no scenario "${name}".`)
  return found
}
