import type { SeededBug } from '../bug.ts'

/** Bugs that a scenario of sharding is to catch: that of clocks that go well enough, unless one says otherwise. */
export function bugsOf(
  bugs: readonly (Omit<SeededBug, 'scenario'> & Partial<SeededBug>)[],
): readonly SeededBug[] {
  return bugs.map((bug) => ({ scenario: 'sharding', ...bug }))
}
