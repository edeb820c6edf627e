// Plans in which all comes together that it takes to show a bug, where that is rare: a file each, named after its bug.
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Plan } from '@casty/simulation'
import { readPlan } from '../plan-file.ts'
import { root } from './plant.ts'

const folder = 'tooling/simulate/plans'
const extension = '.json'

/** A plan that a bug is to be caught by. */
export interface PinnedPlan {
  /** From the root of the repository. */
  readonly file: string
  readonly plan: Plan
}

/**
 * By the names of their bugs.
 *
 * @throws UnusableFile
 */
export function pinnedPlans(): ReadonlyMap<string, PinnedPlan> {
  const files = readdirSync(join(root, folder)).toSorted()
  return new Map(
    files.map((name) => {
      const file = `${folder}/${name}`
      return [basename(name, extension), { file, plan: readPlan(join(root, file)) }]
    }),
  )
}
