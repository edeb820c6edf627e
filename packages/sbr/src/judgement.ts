import type { Sides } from './counting.ts'
import type { DowningDecision } from './decision.ts'

/** One count of both sides, and what it came to. */
export interface Pass {
  /** What this side counts: members, or their weight. */
  readonly here: number
  readonly there: number
  readonly decision: 'down-unreachable' | 'down-reachable' | 'down-all'
  /** A clause a person understands, as in 'this side counts 3 members and the other side 2'. */
  readonly because: string
}

/** A count of members, and what it came to. */
export function passOf(sides: Sides, decision: Pass['decision'], because: string): Pass {
  return { here: sides.here.length, there: sides.there.length, decision, because }
}

/** A decision with what it rests on. */
export interface Judgement {
  readonly decision: DowningDecision
  /** A clause a person understands, after 'because'. */
  readonly because: string
  /** The counts, in order: the second one only where the first lets this side survive. */
  readonly passes: readonly Pass[]
}

/** A judgement that rests on one count alone. */
export function judgedOnce(pass: Pass): Judgement {
  return { decision: { type: pass.decision }, because: pass.because, passes: [pass] }
}

/** A judgement without a count. */
export function judgedAs(type: 'stay' | 'down-all', because: string): Judgement {
  return { decision: { type }, because, passes: [] }
}
