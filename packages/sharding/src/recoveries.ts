// Decisions of people that a shard is to go on without what it waits for: asked of whoever gives out shards.
import type { Clock } from '@casty/clock'
import { ShardingError } from './errors.ts'
import { lineageCopies, textOfLineage, type LineageCopies } from './lineage-copies.ts'
import { duration, knownNames, whole } from './option-values.ts'
import type { RecoveredMessage, RecoverMessage } from './protocol.ts'

/** How a shard is to go on. */
export interface RecoverOptions {
  /** Which copies count, where there are some of several lineages: the number of one, as `explain` tells. @defaultValue the only one */
  readonly lineage?: number
  /** How long to wait for whoever gives out shards, in milliseconds. @defaultValue 10_000 */
  readonly timeoutMs?: number
}

/** What was given up with a shard that goes on. */
export interface Recovery {
  /** How many more nodes would have had to tell what they have, for it to be known that nothing is missing. */
  readonly missing: number
  /** Lineages that do not count any more, and who had copies of them. */
  readonly givenUp: readonly LineageCopies[]
}

interface Asked {
  readonly question: RecoverMessage
  readonly timer: Disposable
  readonly resolve: (recovery: Recovery) => void
  readonly reject: (error: ShardingError) => void
}

export interface RecoveriesPort {
  /** Has whoever gives out shards asked, until there is an answer. */
  ask(question: RecoverMessage): void
  /** Nobody waits for that answer any more. */
  settled(id: number): void
}

const defaultTimeoutMs = 10_000

/** Of one node. */
export class Recoveries implements Disposable {
  readonly #clock: Clock
  readonly #port: RecoveriesPort
  readonly #asked = new Map<number, Asked>()
  #lastId = 0

  constructor(clock: Clock, port: RecoveriesPort) {
    this.#clock = clock
    this.#port = port
  }

  async ask(typeName: string, shard: number, options: RecoverOptions): Promise<Recovery> {
    knownNames('options', options, ['lineage', 'timeoutMs'])
    const lineage = whole('lineage', options.lineage ?? 0, 0, Number.MAX_SAFE_INTEGER)
    const timeoutMs = duration('timeoutMs', options.timeoutMs ?? defaultTimeoutMs)
    const id = ++this.#lastId
    const question: RecoverMessage = {
      type: 'recover',
      id,
      typeName,
      shard,
      lineage,
      isAgain: false,
    }
    return await new Promise<Recovery>((resolve, reject) => {
      const timer = this.#clock.schedule(timeoutMs, () => {
        this.#settled(id)
        reject(ShardingError.noCoordinator(typeName, shard, timeoutMs))
      })
      this.#asked.set(id, { question, timer, resolve, reject })
      this.#port.ask(question)
    })
  }

  #settled(id: number): void {
    this.#asked.delete(id)
    this.#port.settled(id)
  }

  answered({ id, outcome, missing, lineages }: RecoveredMessage): void {
    const asked = this.#asked.get(id)
    if (!asked) return
    this.#settled(id)
    asked.timer[Symbol.dispose]()
    const { typeName, shard } = asked.question
    switch (outcome) {
      case 'recovered':
        asked.resolve({ missing, givenUp: lineages.map(lineageCopies) })
        return
      case 'not-waiting':
        asked.reject(ShardingError.notWaiting(typeName, shard))
        return
      case 'lineage-needed':
      case 'unknown-lineage': {
        const sides = lineages.map((one) => textOfLineage(lineageCopies(one)))
        asked.reject(ShardingError.lineageUnclear(typeName, shard, sides))
      }
    }
  }

  [Symbol.dispose](): void {
    for (const { timer, reject, question } of this.#asked.values()) {
      timer[Symbol.dispose]()
      reject(ShardingError.stopped(`recover shard ${question.shard} of ${question.typeName}`))
    }
    this.#asked.clear()
  }
}
