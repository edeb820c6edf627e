import type { SeededBug } from './bug.ts'
import { membershipBugs } from './membership.ts'

/** Every seeded bug; a new layer adds a file of its own. */
export const bugs: readonly SeededBug[] = [...membershipBugs]

/** @throws Error for a name that was not checked before */
export function bugNamed(name: string): SeededBug {
  const found = bugs.find((bug) => bug.name === name)
  if (found === undefined) throw new Error(`There is no seeded bug "${name}".`)
  return found
}
