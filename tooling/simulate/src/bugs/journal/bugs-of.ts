import type { SeededBug } from '../bug.ts'

/** Bugs that the scenario of journals is to catch. */
export function bugsOf(bugs: readonly Omit<SeededBug, 'scenario'>[]): readonly SeededBug[] {
  return bugs.map((bug) => ({ scenario: 'journal', ...bug }))
}
