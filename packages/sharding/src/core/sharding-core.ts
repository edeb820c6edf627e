import type { Lane, NodeIdentity } from '@casty/transport'
import { endPromise, holdsPromise, promisedTo, promiseTerm } from '../authority/acceptor.ts'
import { hasLosses } from '../authority/founding.ts'
import { Coordinator } from '../coordinator/coordinator.ts'
import type { Waiting } from '../coordinator/waiting.ts'
import type {
  EntriesMessage,
  RecoverMessage,
  RefusalReason,
  RoundMessage,
  ShardingMessage,
  SnapshotMessage,
  TypeSettings,
} from '../protocol.ts'
import type { ShardTable } from '../table/shard-table.ts'
import { snapshotOf, SnapshotParts } from '../table/snapshot.ts'
import { compareVersions } from '../table/version.ts'
import type { CoreEffect, CoreEvent, Moment } from './core-events.ts'
import type { CoreSettings } from './core-settings.ts'
import { explainAgreement, type AgreementExplanation } from './explain-agreement.ts'
import { NodeState } from './node-state.ts'
import { Questions } from './questions.ts'
import { Reports } from './reports.ts'
import { mayRun, type ViewMember } from './view.ts'

/** So much two clocks may seem to differ by for want of digits. */
const roundingMs = 1

/**
 * All that one node contributes to the agreement on who runs which shard: it promises terms as every member
 * does, keeps the table, holds the lease of its region, and is the coordinator when it is its turn. No
 * timers, no network: events go in, effects come out, in order.
 *
 * A shard may run here exactly while `leaseUntil` is ahead and the committed table names this node as its
 * owner. The first must be asked whenever a message is handled, by the same clock as the events.
 */
export class ShardingCore {
  readonly #node: NodeState
  readonly #coordinator: Coordinator
  readonly #reports = new Reports()
  readonly #questions = new Questions()
  readonly #snapshot = new SnapshotParts()
  /** How far the wall clock was ahead of the monotonic one. */
  #wallAheadMs: number | undefined
  /** As the last `lease-changed` told. */
  #isOpen = false

  constructor(settings: CoreSettings, now: number) {
    this.#node = new NodeState(settings, now)
    this.#coordinator = new Coordinator(this.#node)
  }

  get self(): NodeIdentity {
    return this.#node.self
  }

  /** What has taken effect here. */
  get committed(): ShardTable {
    return this.#node.log.committed
  }

  /**
   * Until when the region has its lease; -Infinity where it has none, or its table is not as far as that asks
   * for.
   */
  get leaseUntil(): number {
    const { own, lease, log } = this.#node
    return own && mayRun(own) ? lease.until(log.committed.version) : Number.NEGATIVE_INFINITY
  }

  /** Who this node takes for the coordinator, itself perhaps; as far as it knows. */
  coordinator(now: number): NodeIdentity | undefined {
    return promisedTo(this.#node.acceptor, now)?.coordinator
  }

  /** The term in which this node has the right to be the coordinator. */
  coordinates(now: number): number | undefined {
    return this.#coordinator.isLeading(now) ? this.#coordinator.term?.number : undefined
  }

  /** Whether this node, which is on its way out, has handed over all that it had, or there is nobody to. */
  get mayExit(): boolean {
    const { view, isNeeded, own } = this.#node
    const hasOthers = view.some(({ status }) => status === 'up')
    return !own || !hasOthers || (!isNeeded && this.#coordinator.term === undefined)
  }

  /** Whether this node, on its way out, has shards that no other member can run. */
  get isLeftWithShards(): boolean {
    return this.#node.departure.isLeft
  }

  /** Why there is a coordinator, or none. */
  explain(now: number): AgreementExplanation {
    return explainAgreement(this.#node, this.#coordinator.term, this.leaseUntil, now)
  }

  /** What a shard waits for before it is given to anybody, where this node is to give it. */
  explainShard(typeName: string, shard: number): Waiting | undefined {
    return this.#coordinator.explain(typeName, shard)
  }

  /** When `deadline-reached` is due. */
  nextDeadline(now: number): number {
    const closesAt = this.#isOpen ? this.leaseUntil : Number.POSITIVE_INFINITY
    const { departure } = this.#node
    const next = Math.min(this.#coordinator.nextDeadline(now), closesAt, departure.nextDeadline)
    return Math.max(now, next)
  }

  step(event: CoreEvent, moment: Moment): readonly CoreEffect[] {
    const { now } = moment
    this.#noteSleep(moment)
    this.#heed(event, now)
    this.#noteDeparture(now)
    this.#reportToSelf(now)
    this.#coordinator.advance(moment)
    this.#reports.heeded(this.#node.log, this.self.key)
    const isOpen = this.leaseUntil > now
    if (isOpen !== this.#isOpen) {
      this.#isOpen = isOpen
      this.#node.effects.push({ type: 'lease-changed', until: this.leaseUntil })
    }
    const { effects } = this.#node
    this.#node.effects = []
    return effects
  }

  /**
   * The monotonic clock of a machine that sleeps stands still, the wall clock does not. Whatever this node was given
   * by others is as much older then; what it promised lasts longer, which harms nobody. A wall clock that was set
   * forward looks the same, and costs a lease.
   */
  #noteSleep({ now, wallNow }: Moment): void {
    const aheadMs = wallNow - now
    const sleptMs = aheadMs - (this.#wallAheadMs ?? aheadMs)
    if (sleptMs >= 0 && sleptMs < roundingMs && this.#wallAheadMs !== undefined) return
    this.#wallAheadMs = aheadMs
    if (sleptMs <= 0) return
    this.#node.lease.age(sleptMs)
    this.#coordinator.term?.age(sleptMs)
  }

  #noteDeparture(now: number): void {
    const { own, log, departure } = this.#node
    const isGoing = own !== undefined && own.status !== 'up'
    departure.note(log.committed, isGoing, this.leaseUntil > now, now)
  }

  #heed(event: CoreEvent, now: number): void {
    const node = this.#node
    switch (event.type) {
      case 'message-received':
        if (node.own && node.own.status !== 'down') this.#receive(event.from, event.message, now)
        break
      case 'members-changed':
        this.#viewChanged(event.members, now)
        break
      case 'types-started':
        node.types = event.types
        node.typesVersion++
        this.#tell(
          { type: 'regions', version: node.typesVersion, types: node.types },
          now,
          regionsLane(node.types),
        )
        break
      case 'shard-released':
        this.#reports.released(event.shard)
        this.#tell({ type: 'released', shards: [event.shard] }, now)
        break
      case 'shards-replicated':
        for (const message of this.#reports.replicated(event.shards)) this.#tell(message, now)
        break
      case 'shard-contested':
        this.#reports.contested(event.shard, node.log.committed)
        this.#tell({ type: 'contested', shards: [event.shard] }, now)
        break
      case 'epoch-refused': {
        const { shard, written } = event
        const message = { type: 'epoch-behind', shard, written } as const
        this.#reports.refused(message)
        this.#tell(message, now)
        break
      }
      case 'replicas-reported': {
        const message = { type: 'replica-report', shards: event.shards } as const
        if (event.to.key === node.self.key) this.#coordinator.received(event.to.key, message, now)
        else node.send(event.to, message, 'data')
        break
      }
      case 'recovery-asked':
        this.#askRecovery(event.question, now)
        break
      case 'recovery-settled':
        this.#questions.settled(event.id)
        break
      case 'deadline-reached':
        break
    }
  }

  #askRecovery(question: RecoverMessage, now: number): void {
    this.#questions.asked(question)
    const to = this.coordinator(now)
    if (!to || to.key === this.self.key) return
    for (const asked of this.#questions.takeNew()) this.#node.send(to, asked)
  }

  #viewChanged(members: readonly ViewMember[], now: number): void {
    const node = this.#node
    if (hasLosses(node.view, members)) node.lostAt = now
    node.view = members
    this.#coordinator.viewChanged()
  }

  /** Others are told with every answer. */
  #reportToSelf(now: number): void {
    if (!this.#coordinator.term) return
    for (const report of this.#reports.messages()) {
      this.#coordinator.received(this.self.key, report, now)
    }
    if (!this.#coordinator.isLeading(now)) return
    for (const question of this.#questions.take()) {
      this.#coordinator.asked(this.self, question, now)
    }
  }

  /** Tells the coordinator, whoever that is. */
  #tell(message: ShardingMessage, now: number, lane: Lane = 'control'): void {
    const { acceptor, self } = this.#node
    const to = promisedTo(acceptor, now)?.coordinator
    if (to?.key === self.key) this.#coordinator.received(self.key, message, now)
    else if (to) this.#node.send(to, message, lane)
  }

  #receive(from: NodeIdentity, message: ShardingMessage, now: number): void {
    const node = this.#node
    switch (message.type) {
      case 'round':
        this.#roundCame(from, message, now)
        break
      case 'answer':
        this.#coordinator.answered(from, message, now)
        break
      case 'refusal':
        this.#coordinator.refused(message, now)
        break
      case 'entries':
        this.#entriesCame(from, message, now)
        break
      case 'snapshot':
        this.#snapshotCame(from, message, now)
        break
      case 'fetch':
        if (!holdsPromise(node.acceptor, { term: message.term, coordinator: from })) break
        for (const part of snapshotOf(node.log.latest, message.term)) node.send(from, part, 'data')
        break
      case 'resign': {
        const claim = { term: message.term, coordinator: from }
        node.acceptor = endPromise(node.acceptor, claim, message.leasesForMs, now)
        break
      }
      case 'replica-query':
        node.effects.push({ type: 'report-replicas', to: from, shards: message.shards })
        break
      case 'recover':
        this.#coordinator.asked(from, message, now)
        break
      case 'recovered':
        node.effects.push({ type: 'recovery-answered', answer: message })
        break
      case 'give-up':
        // Of whom else it comes, nobody has decided anything.
        if (this.coordinator(now)?.key === from.key) node.effects.push(message)
        break
      case 'accepted':
      case 'regions':
      case 'released':
      case 'epoch-behind':
      case 'replica-report':
      case 'replicated':
      case 'contested':
        this.#coordinator.received(from.key, message, now)
        break
    }
  }

  #roundCame(from: NodeIdentity, message: RoundMessage, now: number): void {
    const node = this.#node
    const { settings, log } = node
    const refuse = (reason: RefusalReason, retryAfterMs = 0): void => {
      const { highestTerm } = node.acceptor
      const { term, round } = message
      node.send(from, { type: 'refusal', term, round, reason, highestTerm, retryAfterMs })
    }
    const sender = node.member(from.key)
    if (!sender || sender.status === 'down') return refuse('no-member')
    // Who has a later table than the sender knows of had better tell it.
    if (message.isFounding && compareVersions(log.latest.version, message.version) <= 0) {
      if (!node.mustFound) return refuse('not-lost')
      if (now < node.mayFoundAt) return refuse('not-yet', node.mayFoundAt - now)
    }
    const claim = { term: message.term, coordinator: from }
    const [acceptor, verdict] = promiseTerm(node.acceptor, claim, now, settings.leaseMs)
    if (verdict.type === 'refused') return refuse(verdict.reason, verdict.retryAfterMs)
    node.acceptor = acceptor
    node.commit(message.committed)
    node.lease.asked(message.term, message.round, now)
    if (message.grant) node.lease.granted(message.term, message.grant)
    this.#answer(from, message, now)
  }

  #answer(to: NodeIdentity, { term, round, regionsVersion }: RoundMessage, now: number): void {
    const { log, acceptor, types, typesVersion } = this.#node
    this.#node.send(to, {
      type: 'answer',
      term,
      round,
      version: log.latest.version,
      applied: log.committed.version,
      regionsVersion: typesVersion,
      leasesForMs: Math.max(0, acceptor.leasesUntil - now),
    })
    if (regionsVersion !== typesVersion) {
      this.#node.send(to, { type: 'regions', version: typesVersion, types }, regionsLane(types))
    }
    this.#reports.heeded(log, this.self.key)
    for (const report of this.#reports.messages()) this.#node.send(to, report)
    for (const question of this.#questions.take()) this.#node.send(to, question)
  }

  #entriesCame(from: NodeIdentity, { term, batches }: EntriesMessage, now: number): void {
    if (!this.#follows(from, term, now)) return
    const { log } = this.#node
    for (const batch of batches) if (!log.append(batch)) break
    this.#node.send(from, { type: 'accepted', term, version: log.latest.version })
  }

  #snapshotCame(from: NodeIdentity, message: SnapshotMessage, now: number): void {
    const own = this.#coordinator.term
    const isFetched = own !== undefined && !own.isBegun && own.number === message.term
    if (!isFetched && !this.#follows(from, message.term, now)) return
    const table = this.#snapshot.add(message)
    if (!table) return
    const { log } = this.#node
    log.replace(table)
    if (isFetched) return
    this.#node.send(from, { type: 'accepted', term: message.term, version: log.latest.version })
  }

  /**
   * Whether `from` is the coordinator that this node follows. To accept something of it is to promise it
   * once more: who acknowledged a change of voters protects the right that the former ones gave.
   */
  #follows(from: NodeIdentity, term: number, now: number): boolean {
    const claim = { term, coordinator: from }
    if (!holdsPromise(this.#node.acceptor, claim)) return false
    const { leaseMs } = this.#node.settings
    const [acceptor] = promiseTerm(this.#node.acceptor, claim, now, leaseMs)
    this.#node.acceptor = acceptor
    return true
  }
}

/** Many types with long names do not fit a frame of the control lane. */
function regionsLane(types: readonly TypeSettings[]): Lane {
  return types.length > 100 ? 'data' : 'control'
}
