// When a node becomes the coordinator, what it does as one, and how it stops being one.
import { NodeIdentity, type NodeKey } from '@casty/transport'
import { endPromise, promisedTo } from '../authority/acceptor.ts'
import type { Moment } from '../core/core-events.ts'
import type { NodeState } from '../core/node-state.ts'
import { mayRun } from '../core/view.ts'
import type {
  AnswerMessage,
  Change,
  Grant,
  RecoverMessage,
  RefusalMessage,
  ShardingMessage,
} from '../protocol.ts'
import { founders } from '../authority/founding.ts'
import { rowsChanged, weightOf } from '../table/shard-table.ts'
import { compareVersions, sameVersion } from '../table/version.ts'
import { Allocator } from './allocator.ts'
import type { Follower } from './follower.ts'
import { LeaseBook } from './lease-book.ts'
import { Term } from './term.ts'
import type { Waiting } from './waiting.ts'

/** Steps of the table that one event can lead to, where there is nobody to wait for. */
const maxStepsAtOnce = 16

/** Rows that one batch changes at most. */
const maxRowsPerBatch = 1_000

/** Mutable, and of one node's core. */
export class Coordinator {
  readonly #node: NodeState
  readonly #leases: LeaseBook
  #term: Term | undefined
  #allocator: Allocator | undefined
  /** No campaign before. */
  #retryAt = Number.NEGATIVE_INFINITY
  #highestSeen = 0
  /** Since when this node, on its way out, has nothing left to do as the coordinator. */
  #idleSince: number | undefined

  constructor(node: NodeState) {
    this.#node = node
    this.#leases = new LeaseBook(node.settings.leaseMs)
  }

  /** The term in which this node leads, or wants to. */
  get term(): Term | undefined {
    return this.#term
  }

  isLeading(now: number): boolean {
    return this.#term?.isBegun === true && this.#term.hasRight(now)
  }

  /** What a shard waits for before it is given to anybody, where this node is to give it. */
  explain(typeName: string, shard: number): Waiting | undefined {
    return this.#allocator?.explain(typeName, shard)
  }

  viewChanged(): void {
    this.#term?.viewChanged()
    this.#allocator?.touch()
  }

  answered(from: NodeIdentity, answer: AnswerMessage, now: number): void {
    this.#leases.noteFormer(answer.leasesForMs, now)
    const term = this.#term
    if (term?.number !== answer.term) return
    const isFirst = term.followers.get(from.key)?.hasAnswered === false
    if (term.answered(from.key, answer, now) && isFirst) this.#allocator?.touch()
  }

  refused(refusal: RefusalMessage, now: number): void {
    this.#highestSeen = Math.max(this.#highestSeen, refusal.highestTerm)
    const term = this.#term
    if (term?.number !== refusal.term) return
    if (refusal.reason === 'old-term') this.#end(now)
    else if (!term.isBegun && refusal.retryAfterMs > 0) {
      term.nextRoundAt = Math.min(term.nextRoundAt, now + refusal.retryAfterMs)
    }
  }

  /** Somebody has decided that a shard is to go on: it is heeded where this node gives out shards. */
  asked(from: NodeIdentity, question: RecoverMessage, now: number): void {
    if (this.isLeading(now)) this.#allocator?.asked(from, question, now)
  }

  /** What is for the coordinator of a term that has begun, or gathers support. */
  received(from: NodeKey, message: ShardingMessage, now: number): void {
    const [term, allocator] = [this.#term, this.#allocator]
    if (!term || !allocator || !term.followers.has(from)) return
    switch (message.type) {
      case 'accepted':
        if (message.term === term.number) term.accepted(from, message.version, now)
        break
      case 'regions':
        allocator.regionsTold(from, message, now)
        break
      case 'released':
        allocator.released(from, message.shards)
        break
      case 'epoch-behind':
        allocator.epochBehind(from, message)
        break
      case 'replica-report':
        allocator.replicasTold(from, message)
        break
      case 'replicated':
        allocator.replicated(from, message.shards)
        break
      case 'contested':
        allocator.contested(from, message.shards)
        break
      default:
    }
  }

  nextDeadline(now: number): number {
    const term = this.#term
    if (!term) return this.#campaignAt(now)
    const { latest, committed } = this.#node.log
    const mayPlan = term.isEstablished && term.hasRight(now) && latest === committed
    const retryAt = mayPlan ? this.#allocator?.retryAt : undefined
    const patientUntil = (this.#idleSince ?? now) + this.#node.settings.leaseMs / 2
    const resignsAt = this.#idleSince !== undefined && patientUntil > now ? patientUntil : undefined
    const never = Number.POSITIVE_INFINITY
    return Math.min(term.nextRoundAt, retryAt ?? never, resignsAt ?? never)
  }

  /** Does what is due. */
  advance({ now, wallNow }: Moment): void {
    if (this.#isOver(now)) this.#end(now)
    if (!this.#term && now >= this.#campaignAt(now)) this.#campaign(now, wallNow)
    const term = this.#term
    if (!term) return
    if (now >= term.nextRoundAt) {
      this.#leases.prune(now)
      const isSupported = term.sendRound(now, (follower) => this.#grantFor(follower, now))
      if (!isSupported) return this.#end(now)
    }
    this.#heedOwnRegion(term, now)
    for (let step = 0; step < maxStepsAtOnce && this.#lead(term, now); step++);
    this.#tellNews(term, now)
    this.#maybeResign(term, now)
  }

  /** What others tell by messages. */
  #heedOwnRegion(term: Term, now: number): void {
    const { self, types, typesVersion } = this.#node
    if (term.followers.get(self.key)?.regionsVersion === typesVersion) return
    this.#allocator?.regionsTold(self.key, { type: 'regions', version: typesVersion, types }, now)
  }

  /** One step of leading. @returns whether there may be another */
  #lead(term: Term, now: number): boolean {
    term.updateRight()
    if (!term.hasRight(now)) return false
    if (!term.isBegun) {
      this.#begin(term, now)
      return true
    }
    if (term.commit()) return true
    const { latest, committed } = this.#node.log
    if (!term.isEstablished || !sameVersion(latest.version, committed.version)) return false
    const changes = this.#allocator?.plan(now) ?? []
    for (const piece of inPieces(changes)) this.#propose(term, piece, now)
    return changes.length > 0 || this.#allocator?.carryOut(now) === true
  }

  /** The first batch of a term: with it, everything before is committed. */
  #begin(term: Term, now: number): void {
    const { log } = this.#node
    const changes: Change[] = []
    if (term.isFounding) {
      const those = founders(log.latest.electorate, this.#node.view)
      const voters = this.#node.view
        .filter(({ node, status }) => status === 'up' && those.has(node.key))
        .map(({ node }) => node)
        .toSorted(NodeIdentity.compare)
      changes.push({ type: 'electorate', electorate: { voters, former: [] } })
      changes.push(...this.#newEpochs(term))
    }
    this.#node.effects.push({ type: 'coordinating', isCoordinator: true, term: term.number })
    term.propose(changes, now)
  }

  /** What the lost voters committed last may be unknown here: no epoch that they gave is given again, and others may have kept copies. */
  *#newEpochs({ wallBeganAt }: Term): Iterable<Change> {
    const floor = Math.floor(wallBeganAt)
    for (const { settings, rows } of this.#node.log.latest.types.values()) {
      const changed = rows.flatMap((row, shard) =>
        row.epoch === 0
          ? []
          : [
              {
                shard,
                row: {
                  ...row,
                  movingTo: undefined,
                  epoch: Math.max(row.epoch + 1, floor),
                  isReplicated: false,
                },
              },
            ],
      )
      if (changed.length > 0) yield { type: 'shards', typeName: settings.name, rows: changed }
    }
  }

  #propose(term: Term, changes: readonly Change[], now: number): void {
    const before = this.#node.log.latest
    const version = term.propose(changes, now)
    const rows = rowsChanged(before, this.#node.log.latest)
    for (const { before: former, row } of rows) {
      // Taken away from somebody who had not released it: no lease before that is in effect.
      const loser = former.owner && term.followers.get(former.owner.key)
      if (loser && row.owner?.key !== loser.node.key) loser.withheldUntil = version
    }
    this.#allocator?.proposed(rows)
  }

  #grantFor(follower: Follower, now: number): Grant | undefined {
    const term = this.#term
    if (!term?.isEstablished || !term.hasRight(now) || !follower.hasAnswered) return undefined
    const member = this.#node.member(follower.node.key)
    if (!member || !mayRun(member) || !member.isReachable) return undefined
    const { committed } = this.#node.log
    const { withheldUntil } = follower
    if (withheldUntil && compareVersions(committed.version, withheldUntil) < 0) return undefined
    return this.#leases.grant(follower, committed.version, term.rightUntil)
  }

  /** Members need not wait for the next round to know what was committed, or to get their first lease. */
  #tellNews(term: Term, now: number): void {
    const { committed } = this.#node.log
    if (!term.isEstablished) return
    for (const follower of term.followers.values()) {
      if (!follower.hasAnswered) continue
      const isNew =
        compareVersions(follower.told, committed.version) < 0 &&
        compareVersions(follower.version, committed.version) >= 0
      const isLow =
        follower.round > follower.grantedRound &&
        this.#leases.endsAt(follower.node.key) < now + this.#node.settings.leaseMs / 4
      if (!isNew && !isLow) continue
      const grant = this.#grantFor(follower, now)
      if (isNew || grant) term.tell(follower, grant)
    }
  }

  #campaign(now: number, wallNow: number): void {
    const { acceptor } = this.#node
    const next = Math.max(acceptor.highestTerm, this.#highestSeen) + 1
    // Terms of a table that was lost are not known here: a new one begins above them.
    const number = this.#node.mustFound ? Math.max(next, Math.floor(wallNow)) : next
    this.#term = new Term(this.#node, number, now, wallNow)
    this.#allocator = new Allocator(this.#node, this.#term, this.#leases)
  }

  /** When this node may try to become the coordinator: at once if it is the oldest in reach, others later. */
  #campaignAt(now: number): number {
    const node = this.#node
    const { own, acceptor, settings } = node
    if (own?.status !== 'up') return Number.POSITIVE_INFINITY
    const promised = promisedTo(acceptor, now)
    const isOthers = promised && promised.coordinator.key !== node.self.key
    const freeAt = isOthers ? promised.until : promised ? now : acceptor.freeSince
    const earliest = node.mustFound ? Math.max(freeAt, node.mayFoundAt) : freeAt
    const waits = (this.#rank() * settings.leaseMs) / 2
    return Math.max(earliest + waits, this.#retryAt)
  }

  /** How many who are in reach should rather be the coordinator. */
  #rank(): number {
    const { own, view } = this.#node
    const age = own?.upNumber ?? Number.POSITIVE_INFINITY
    return view.filter(
      ({ status, isReachable, upNumber }) =>
        status === 'up' && isReachable && (upNumber ?? Number.POSITIVE_INFINITY) < age,
    ).length
  }

  #isOver(now: number): boolean {
    const term = this.#term
    if (!term) return false
    const { own, mustFound, settings, acceptor } = this.#node
    if (!own || !mayRun(own) || acceptor.highestTerm > term.number) return true
    if (!term.isBegun) {
      // Somebody was lost meanwhile: those who agreed before did so without knowing.
      const isTooSoon = term.isFounding && now < this.#node.mayFoundAt
      return isTooSoon || mustFound !== term.isFounding || own.status !== 'up'
    }
    // Nobody supports it any more: somebody else may, after a while.
    return now > term.rightUntil + 2 * settings.leaseMs
  }

  /** On its way out, and with nothing left here, the node lets another one take over at once. */
  #maybeResign(term: Term, now: number): void {
    const { own, self, view, log } = this.#node
    if (!own || own.status === 'up' || !term.isEstablished || !term.hasRight(now)) return
    if (!view.some(({ status }) => status === 'up')) return
    if (!sameVersion(log.latest.version, log.committed.version)) return
    if (this.#node.isNeeded) return
    this.#idleSince ??= now
    const isPatient = now < this.#idleSince + this.#node.settings.leaseMs / 2
    if (isPatient && !this.#haveApplied(term)) return
    const leasesForMs = this.#leases.longestFrom(now)
    const claim = { term: term.number, coordinator: self }
    this.#node.acceptor = endPromise(this.#node.acceptor, claim, leasesForMs, now)
    for (const { node, status } of view) {
      if (node.key === self.key || status === 'down') continue
      this.#node.send(node, { type: 'resign', term: term.number, leasesForMs })
    }
    this.#end(now)
  }

  /** Whether everybody in reach acts on the last change: nobody would tell them for a while. */
  #haveApplied(term: Term): boolean {
    const { log, view, self } = this.#node
    return view.every(({ node, status, isReachable }) => {
      if (status !== 'up' || !isReachable || node.key === self.key) return true
      const applied = term.followers.get(node.key)?.applied
      return applied !== undefined && sameVersion(applied, log.committed.version)
    })
  }

  #end(now: number): void {
    const term = this.#term
    if (!term) return
    this.#term = undefined
    this.#idleSince = undefined
    this.#allocator = undefined
    this.#retryAt = now + this.#node.settings.leaseMs / 16
    if (!term.isBegun) return
    this.#node.effects.push({ type: 'coordinating', isCoordinator: false, term: term.number })
  }
}

/** Cuts changes so that no batch is too large for a frame. */
function inPieces(changes: readonly Change[]): readonly (readonly Change[])[] {
  const pieces: Change[][] = []
  let [piece, room]: [Change[], number] = [[], maxRowsPerBatch]
  const add = (change: Change): void => {
    piece.push(change)
    room -= weightOf(change)
    if (room > 0) return
    pieces.push(piece)
    ;[piece, room] = [[], maxRowsPerBatch]
  }
  for (const change of changes) {
    if (change.type !== 'shards') add(change)
    else {
      for (let start = 0; start < change.rows.length;) {
        const rows = change.rows.slice(start, start + room)
        start += rows.length
        add({ ...change, rows })
      }
    }
  }
  return piece.length > 0 ? [...pieces, piece] : pieces
}
