// Seeds that are run as one: those of every change, which `npm test` runs on a processor each.
import type { SeedSet } from './seed-set.ts'

const suites: Readonly<Record<string, readonly SeedSet[]>> = {
  /** Who is in, and who survives. */
  clusters: [
    { scenario: 'membership', from: 1, seeds: 300, requireRareStates: true },
    { scenario: 'membership-large', from: 1, seeds: 2, requireRareStates: false },
    { scenario: 'split-brain', from: 1, seeds: 16, requireRareStates: false },
    { scenario: 'data-centers', from: 1, seeds: 12, requireRareStates: false },
  ],
  /** What lives on them. */
  entities: [
    { scenario: 'journal', from: 1, seeds: 200, requireRareStates: true },
    { scenario: 'sharding', from: 1, seeds: 9, requireRareStates: false },
    { scenario: 'sharding-disks', from: 1, seeds: 2, requireRareStates: false },
    // With these two take themselves for the owner of a shard.
    { scenario: 'sharding-clocks', from: 18, seeds: 4, requireRareStates: false },
  ],
}

export const suiteNames: readonly string[] = Object.keys(suites)

/** @throws Error for a name that was not checked before */
export function suiteNamed(name: string): readonly SeedSet[] {
  const found = suites[name]
  if (found === undefined) throw new Error(`There is no suite "${name}".`)
  return found
}
