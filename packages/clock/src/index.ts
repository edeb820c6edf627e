export type { Clock } from './clock.ts'
export { seededRandom, systemRandom, type Random } from './random.ts'
