// Decisions of people that a shard is to go on: from when they come until they are carried out, which is once the table is at
// rest, and those in reach have told what they have. Each is carried out once, however often it is asked for, and answered once the
// table says so: who gives out shards may have lost the right to, and not know that.
import type { NodeIdentity } from '@casty/transport'
import { mayRun } from '../core/view.ts'
import type { NodeState } from '../core/node-state.ts'
import type { RecoveredMessage, RecoverMessage, ReplicaReportMessage } from '../protocol.ts'
import type { ShardRow } from '../table/shard-row.ts'
import type { Promotions } from './promotions.ts'
import { refusal, type Decided } from './refusal.ts'
import { shardKey } from './shard-key.ts'
import { Survey } from './survey.ts'
import type { Term } from './term.ts'

/** What is beyond that is asked again. */
const maxOpen = 1_000
/** Answers that are given again where they were lost. */
const maxAnswered = 1_000

interface Asked {
  readonly from: NodeIdentity
  readonly question: RecoverMessage
  readonly since: number
  lastAt: number
  /** Of a shard that goes on, whose other lineages are to be given up. */
  survey: Survey | undefined
  /** It is carried out, and the table is about to say so. */
  done: Done | undefined
}

interface Done {
  readonly outcome: Decided
  /** Whether the row says so. */
  isIn(row: ShardRow): boolean
  /** Whether it may yet come to say so. */
  mayCome(row: ShardRow): boolean
}

/** Mutable, and of one term. */
export class Decisions {
  readonly #node: NodeState
  readonly #term: Term
  readonly #promotions: Promotions
  readonly #isContested: (typeName: string, shard: number, row: ShardRow) => boolean
  readonly #open = new Map<string, Asked>()
  readonly #answered = new Map<string, RecoveredMessage>()
  /** By shard, the lineage that was said to count, which its row names already. */
  readonly #kept = new Map<string, number>()

  /** @param isContested - whether the owner of a row knows that there may be copies which come from elsewhere */
  constructor(
    node: NodeState,
    term: Term,
    promotions: Promotions,
    isContested: (typeName: string, shard: number, row: ShardRow) => boolean,
  ) {
    this.#node = node
    this.#term = term
    this.#promotions = promotions
    this.#isContested = isContested
  }

  asked(from: NodeIdentity, question: RecoverMessage, now: number): void {
    const key = `${from.key} ${question.id}`
    const answer = this.#answered.get(key)
    const known = this.#open.get(key)
    if (answer) this.#tell(from, answer)
    else if (known) known.lastAt = now
    else if (this.#open.size < maxOpen) {
      this.#open.set(key, {
        from,
        question,
        since: now,
        lastAt: now,
        survey: undefined,
        done: undefined,
      })
    }
  }

  told(from: NodeIdentity['key'], { shards }: ReplicaReportMessage): void {
    for (const { survey } of this.#open.values()) {
      if (survey) for (const report of shards) survey.told(from, report)
    }
  }

  /** Whether that lineage was just said to count. */
  isKept(typeName: string, shard: number, lineage: number): boolean {
    return this.#kept.size > 0 && this.#kept.get(shardKey(typeName, shard)) === lineage
  }

  /** The table says so by now, or says something else. */
  rowChanged(typeName: string, shard: number): void {
    this.#kept.delete(shardKey(typeName, shard))
  }

  /** When to look again although nothing happens. */
  nextDeadline(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { survey } of this.#open.values()) next = Math.min(next, survey?.nextAt ?? next)
    return next
  }

  /** Carries out what can be by now, with the table at rest. @returns whether there is something to plan by that */
  carryOut(now: number): boolean {
    let isNews = false
    for (const [key, asked] of this.#open) {
      const { from, question, lastAt } = asked
      const wasDone = asked.done !== undefined
      // Nobody waits for the answer any more.
      const isOver = !wasDone && now > lastAt + 2 * this.#node.settings.leaseMs
      const outcome = isOver ? undefined : this.#outcomeOf(asked, now)
      if (isOver || outcome) this.#open.delete(key)
      isNews ||= asked.done !== undefined && !wasDone
      if (!outcome) continue
      const answer: RecoveredMessage = { type: 'recovered', id: question.id, ...outcome }
      this.#remember(key, answer)
      if (answer.outcome === 'recovered') {
        this.#node.effects.push({ type: 'shard-recovered', question, answer })
      }
      this.#tell(from, answer)
    }
    return isNews
  }

  /** @returns undefined while it is not known, or not in the table */
  #outcomeOf(asked: Asked, now: number): Decided | undefined {
    const { question, done } = asked
    if (!done) return this.#decide(asked, now)
    const row = this.#node.log.latest.row(question.typeName, question.shard)
    if (done.isIn(row)) return done.outcome
    // The shard went on otherwise: it is asked for anew.
    if (!done.mayCome(row)) asked.done = undefined
    return undefined
  }

  #remember(key: string, answer: RecoveredMessage): void {
    this.#answered.set(key, answer)
    const [oldest] = this.#answered.keys()
    if (oldest !== undefined && this.#answered.size > maxAnswered) this.#answered.delete(oldest)
  }

  #tell(to: NodeIdentity, answer: RecoveredMessage): void {
    const { effects, self } = this.#node
    if (to.key === self.key) effects.push({ type: 'recovery-answered', answer })
    else this.#node.send(to, answer)
  }

  /** @returns undefined while it is not known well enough what there is */
  #decide(asked: Asked, now: number): Decided | undefined {
    const { question, survey } = asked
    const { typeName, shard, lineage } = question
    asked.survey = undefined
    const { types } = this.#node.log.latest
    const type = types.get(typeName)
    if (!type) return this.#mayBeHosted(asked) ? undefined : refusal('not-waiting')
    if (type.settings.disks === 0) return refusal('not-waiting')
    const row = this.#node.log.latest.row(typeName, shard)
    if (this.#wasCarriedOut(question, row)) {
      return { outcome: 'recovered', missing: 0, lineages: [] }
    }
    if (!this.#promotions.isOpen(typeName, shard) && this.#isToBeAsked(question, row))
      return undefined
    const forced = this.#promotions.force(typeName, shard, lineage, now)
    if (forced?.outcome === 'recovered') {
      const nodes = forced.lineages.flatMap((given) => given.nodes)
      this.#giveUp(question, nodes)
      asked.done = {
        outcome: forced,
        isIn: ({ isDecided, epoch }) => isDecided && epoch > row.epoch,
        mayCome: ({ epoch }) => epoch === row.epoch && this.#promotions.isForced(typeName, shard),
      }
      return undefined
    }
    if (forced?.outcome !== 'not-waiting') return forced
    // What others have aside does not count any more where it is said so once again what counts.
    if (row.owner && lineage !== 0 && lineage === row.lineage) {
      asked.survey = survey ?? new Survey(this.#node, this.#term, question, now)
      return this.#keep(asked, asked.survey, now)
    }
    return forced
  }

  /**
   * Perhaps by a coordinator before this one, whose answer was lost. By now the shard may wait for what was confirmed since: that is
   * not given up by the same decision.
   */
  #wasCarriedOut({ typeName, shard, lineage, isAgain }: RecoverMessage, row: ShardRow): boolean {
    if (!isAgain || !row.isDecided) return false
    // Where it goes on, all others are told once again.
    return lineage === 0 || (lineage === row.lineage && this.#promotions.isOpen(typeName, shard))
  }

  /** Nobody told so far that it runs the type. Whoever asks may be about to. */
  #mayBeHosted({ since, lastAt }: Asked): boolean {
    const { gatherMs, leaseMs } = this.#node.settings
    return lastAt < since + Math.max(gatherMs, leaseMs)
  }

  /** Whether all are about to be asked who has copies of it: where it moves, that comes first. */
  #isToBeAsked({ typeName, shard }: RecoverMessage, row: ShardRow): boolean {
    const isInDoubt = row.isUndecided || this.#isContested(typeName, shard, row)
    return isInDoubt || !this.#isServed(row.owner)
  }

  /** Whether its owner goes on with it. */
  #isServed(owner: NodeIdentity | undefined): boolean {
    const member = owner && this.#node.member(owner.key)
    return member !== undefined && mayRun(member) && member.isReachable
  }

  /** Has all others forget copies of other lineages, once these are known by name. */
  #keep(asked: Asked, survey: Survey, now: number): Decided | undefined {
    const { question } = asked
    if (!survey.isOver(now)) {
      survey.ask(now)
      return undefined
    }
    const { typeName, shard, lineage } = question
    this.#kept.set(shardKey(typeName, shard), lineage)
    this.#giveUp(question, this.#followers)
    asked.survey = undefined
    asked.done = {
      outcome: { outcome: 'recovered', missing: 0, lineages: survey.others(lineage) },
      isIn: (row) => row.isDecided && row.lineage === lineage,
      mayCome: (row) => row.lineage === lineage,
    }
    return undefined
  }

  get #followers(): readonly NodeIdentity[] {
    return [...this.#term.followers.values()].map(({ node }) => node)
  }

  #giveUp(
    { typeName, shard, lineage: kept }: RecoverMessage,
    nodes: readonly NodeIdentity[],
  ): void {
    for (const node of nodes) {
      const message = { type: 'give-up', typeName, shard, kept } as const
      // Asked again, they tell what they have then: behind this, on the same lane.
      if (node.key === this.#node.self.key) this.#node.effects.push(message)
      else this.#node.send(node, message, 'data')
    }
  }
}
