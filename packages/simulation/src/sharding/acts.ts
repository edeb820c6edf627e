// Who acted for which shard, and when: by the world's time, which no process knows.
import type { Finding } from './record.ts'
import type { ShardingProcess } from './sharding-run.ts'

/** One process acting under one epoch: from its first act to its last. */
interface Tenure {
  readonly process: string
  readonly epoch: number
  first: number
  last: number
}

/** What must hold of those who act for one shard. */
export class ShardActs {
  /** Who acted last. */
  latest: ShardingProcess | undefined
  readonly #tenures: Tenure[] = []

  /** The highest epoch under which anybody acted. */
  get highestEpoch(): number {
    return this.#tenures.reduce((highest, { epoch }) => Math.max(highest, epoch), 0)
  }

  /**
   * @param at - in the world's time
   * @param mayFall - wall clocks were set back, and epochs may fall when a whole table is lost
   */
  act(process: string, epoch: number, at: number, mayFall: boolean): Finding | undefined {
    const own = this.#tenureOf(process, epoch, at)
    own.first = Math.min(own.first, at)
    own.last = Math.max(own.last, at)
    const same = this.#tenures.find((other) => other !== own && other.epoch === epoch)
    if (same && !mayFall) {
      const text = `${process} acts under epoch ${epoch}, under which ${same.process} did`
      return { checker: 'an epoch has one owner', text }
    }
    for (const other of this.#tenures) {
      if (other === own) continue
      const [before, after] = other.first <= own.first ? [other, own] : [own, other]
      if (before.last > after.first && before.process !== after.process) {
        const text = `${wordsOf(before)}, ${wordsOf(after)}`
        return { checker: 'one acts at a time', text }
      }
      if (before.epoch > after.epoch && !mayFall) {
        return { checker: 'epochs only grow', text: `${wordsOf(before)}, ${wordsOf(after)}` }
      }
    }
    return undefined
  }

  #tenureOf(process: string, epoch: number, at: number): Tenure {
    const known = this.#tenures.find((one) => one.process === process && one.epoch === epoch)
    if (known) return known
    const tenure = { process, epoch, first: at, last: at }
    this.#tenures.push(tenure)
    return tenure
  }
}

function wordsOf({ process, epoch, first, last }: Tenure): string {
  return `${process} acts under epoch ${epoch} from ${first.toFixed(1)} to ${last.toFixed(1)} ms`
}
