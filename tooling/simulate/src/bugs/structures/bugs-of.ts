import type { SeededBug } from '../bug.ts'

/** Bugs that the scenario of structures is to catch. */
export function bugsOf(
  bugs: readonly (Omit<SeededBug, 'scenario'> & Partial<SeededBug>)[],
): readonly SeededBug[] {
  return bugs.map((bug) => ({ scenario: 'structures', ...bug }))
}
