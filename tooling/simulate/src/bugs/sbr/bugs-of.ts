import type { SeededBug } from '../bug.ts'

/** Bugs that a scenario of split brains is to catch: that of small clusters, unless one says otherwise. */
export function bugsOf(
  bugs: readonly (Omit<SeededBug, 'scenario'> & Partial<SeededBug>)[],
): readonly SeededBug[] {
  return bugs.map((bug) => ({ scenario: 'split-brain', ...bug }))
}
