import type { SeededBug } from './bug.ts'

export const membershipBugs: readonly SeededBug[] = []
