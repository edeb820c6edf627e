import type { SeededBug } from '../bug.ts'

/** Bugs that a scenario of structures is to catch. */
export function bugsOf(
  bugs: readonly Omit<SeededBug, 'scenario'>[],
  scenario: 'structures' | 'structures-disks' = 'structures',
): readonly SeededBug[] {
  return bugs.map((bug) => ({ scenario, ...bug }))
}
