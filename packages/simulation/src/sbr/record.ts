// What was decided in a run, by the resolvers and by hand: checkers ask it for excuses.
import type { NodeKey } from '@casty/membership'
import { InMemoryLeases, type ResolverRuling } from '@casty/sbr'
import type { MembershipRun } from '../membership/membership-run.ts'

export interface ToldRuling {
  /** When, by the time of the world. */
  readonly at: number
  readonly host: string
  /** Who decided. */
  readonly by: NodeKey
  readonly ruling: ResolverRuling
}

/** Told of each ruling, right when it is made. */
export type RulingListener = (told: ToldRuling) => void

/** As of a database nearby. */
const leaseLatencyMs = 2

export class SplitBrainRecord {
  readonly rulings: ToldRuling[] = []
  readonly #listeners: RulingListener[] = []
  /** A living node was downed by hand: what sides decide from then on rests on different counts. */
  handDownedAt: number | undefined
  /** Within this, a node that was removed by decision has stopped: as the resolver of each node says. */
  marginMs: number | undefined
  /** Outside of all nodes: for strategies that ask for a lease. */
  readonly leases: InMemoryLeases

  constructor({ world }: MembershipRun) {
    this.leases = new InMemoryLeases({ clock: world.clock, latencyMs: leaseLatencyMs })
  }

  onRuling(listener: RulingListener): void {
    this.#listeners.push(listener)
  }

  add(told: ToldRuling): void {
    this.rulings.push(told)
    for (const listener of this.#listeners) listener(told)
  }
}

const records = new WeakMap<MembershipRun, SplitBrainRecord>()

/** Each run has its own. */
export function recordOf(run: MembershipRun): SplitBrainRecord {
  const known = records.get(run) ?? new SplitBrainRecord(run)
  records.set(run, known)
  return known
}
