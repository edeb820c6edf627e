// What keeps copies from being where they should be, said to people: counted each time, and said now and then.
import type { Clock } from '@casty/clock'
import type { NodeIdentity } from '@casty/transport'
import { ShardingError } from '../errors.ts'
import type { Lineage } from './lineage.ts'
import type { ReplicatedType } from './replicated-type.ts'
import type { ReplicationOutcome } from './replication-outcome.ts'
import type { ReplicationTally } from './replication-tally.ts'

export interface ReplicationWarningsPort {
  readonly clock: Pick<Clock, 'now'>
  report(error: unknown, what: string): void
  warn(what: string): void
}

type Of = Pick<ReplicatedType, 'name' | 'tally'>

export class ReplicationWarnings {
  readonly #port: ReplicationWarningsPort

  constructor(port: ReplicationWarningsPort) {
    this.#port = port
  }

  /** Counts it. @returns whether it is time to say so */
  #isDue(tally: ReplicationTally, counter: Parameters<ReplicationTally['note']>[0]): boolean {
    return tally.note(counter, this.#port.clock.now())
  }

  /** A write was not confirmed in time, or there was nobody to confirm it. */
  timedOut(
    { name, tally }: Of,
    shard: number,
    id: string,
    how: Extract<ReplicationOutcome['type'], 'timed-out' | 'unavailable'>,
  ): void {
    const counter = how === 'timed-out' ? 'timedOut' : 'outOfReach'
    if (!this.#isDue(tally, counter)) return
    const why = how === 'timed-out' ? 'did not confirm a write in time' : 'are not in reach'
    this.#port.warn(`${name}: replicas of shard ${shard} ${why}, as of ${id}`)
  }

  /** This node was refused: it is a former owner. */
  wasRefused({ name, tally }: Of, shard: number, epoch: number): void {
    if (!this.#isDue(tally, 'wasRefused')) return
    this.#port.warn(`${name}: shard ${shard} is another's, under epoch ${epoch}`)
  }

  /** A former owner was refused here. */
  refused({ name, tally }: Of, shard: number, epoch: number, owner: NodeIdentity): void {
    if (!this.#isDue(tally, 'refused')) return
    this.#port.warn(
      `${name}: refused a write of ${owner.toString()} to shard ${shard} under epoch ${epoch}`,
    )
  }

  contested({ name, tally }: Of, shard: number): void {
    if (!this.#isDue(tally, 'contested')) return
    this.#port.warn(
      `${name}: somebody has copies of shard ${shard} that this node, its owner, knew nothing of: nothing of it is written before it is known which count`,
    )
  }

  noRoom({ name, tally }: Of, at: 'owner' | 'replica', id: string): void {
    if (!this.#isDue(tally, 'noRoom')) return
    const where = at === 'owner' ? 'this node' : 'a replica'
    this.#port.warn(`${name}: ${where} has no room for ${id}: raise replication.maxCopyBytes`)
  }

  /** What is here is of another lineage than what the owner has. */
  keptAside({ name, tally }: Of, shard: number, owner: NodeIdentity): void {
    if (!this.#isDue(tally, 'otherLineage')) return
    const error = ShardingError.otherLineage(name, shard, owner.toString())
    this.#port.report(error, `Copies of ${name} here are kept, and get nothing that is written`)
  }

  /** Somebody decided that copies of lineage `kept` count, which these are not of. Said each time. */
  gaveUp({ name, tally }: Of, shard: number, copies: number, lineage: Lineage, kept: number): void {
    tally.add('givenUp')
    this.#port.warn(
      `${name}: gives up ${copies} copies of shard ${shard}, of lineage ${lineage.bornIn}: those of ${kept} were said to count`,
    )
  }
}
