// One term of a coordinator: its rounds, its right, and the table that it has others take.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { founders } from '../authority/founding.ts'
import { promiseTerm } from '../authority/acceptor.ts'
import { Rounds } from '../authority/rounds.ts'
import { driftShare } from '../core/core-settings.ts'
import type { NodeState } from '../core/node-state.ts'
import type { AnswerMessage, Batch, Change, Grant } from '../protocol.ts'
import { isMajority } from '../table/electorate.ts'
import { snapshotOf } from '../table/snapshot.ts'
import { rowsOf } from '../table/table-log.ts'
import {
  compareVersions,
  laterVersion,
  noVersion,
  sameVersion,
  type Version,
} from '../table/version.ts'
import { Follower } from './follower.ts'

/** Larger batches travel on the data lane, where they delay nothing that must not wait. */
const maxControlRows = 200
/** More than a batch has at most. */
const maxMessageRows = 1_100

/**
 * Mutable, and of the coordinator alone. A term is *begun* with its first batch: before that, promises are
 * gathered, and tables that are ahead of this node's.
 */
export class Term {
  readonly number: number
  /** Whether all who are left must agree, as there is no majority to ask. */
  readonly isFounding: boolean
  readonly followers: Map<NodeKey, Follower> = new Map()
  readonly beganAt: number
  /** By the wall clock, in milliseconds since the Unix epoch. */
  readonly wallBeganAt: number
  nextRoundAt: number
  rightUntil: number = Number.NEGATIVE_INFINITY
  readonly #node: NodeState
  readonly #rounds = new Rounds()
  #seq = 0

  constructor(node: NodeState, number: number, now: number, wallNow: number) {
    this.#node = node
    this.number = number
    this.isFounding = node.mustFound
    this.beganAt = now
    this.wallBeganAt = wallNow
    this.nextRoundAt = now
    this.viewChanged()
    this.nextRoundAt = now
  }

  get isBegun(): boolean {
    return this.#seq > 0
  }

  /** Whether what former coordinators had committed is known to be committed here: with the first own batch. */
  get isEstablished(): boolean {
    return this.isBegun && this.#node.log.committed.version.term === this.number
  }

  hasRight(now: number): boolean {
    return now < this.rightUntil
  }

  /** All that the right follows from was so much longer ago than it seemed. */
  age(ms: number): void {
    this.rightUntil -= ms
    this.#rounds.age(ms)
  }

  viewChanged(): void {
    const { view } = this.#node
    for (const { node, status } of view) {
      if (status !== 'down' && !this.followers.has(node.key)) {
        this.followers.set(node.key, new Follower(node))
        // Who is new need not wait for the next round.
        this.nextRoundAt = Number.NEGATIVE_INFINITY
      }
    }
    const present = new Set(
      view.filter(({ status }) => status !== 'down').map(({ node }) => node.key),
    )
    for (const key of this.followers.keys()) if (!present.has(key)) this.followers.delete(key)
  }

  /** Sends the next round to all. @returns whether this node itself still supports the term */
  sendRound(now: number, grantFor: (follower: Follower) => Grant | undefined): boolean {
    const { settings, self, log } = this.#node
    const claim = { term: this.number, coordinator: self }
    const [acceptor, verdict] = promiseTerm(this.#node.acceptor, claim, now, settings.leaseMs)
    if (verdict.type === 'refused') return false
    this.#node.acceptor = acceptor
    const round = this.#rounds.begin(now)
    this.nextRoundAt = now + settings.leaseMs / (this.isBegun ? 4 : 8)
    const { key } = self
    this.#noteAnswer(key, round, log.latest.version, now)
    this.#node.lease.asked(this.number, round, now)
    for (const follower of this.followers.values()) {
      this.replicate(follower, now)
      if (follower.node.key !== key) this.tell(follower, grantFor(follower))
    }
    return true
  }

  /** Sends the present round to one member, with what is new for it. */
  tell(follower: Follower, grant: Grant | undefined): void {
    const { log, self, lease } = this.#node
    const committed = this.isEstablished ? log.committed.version : noVersion
    // Of what it does not have yet, it must be told again.
    if (compareVersions(follower.version, committed) >= 0) follower.told = committed
    if (grant) follower.grantedRound = grant.round
    if (follower.node.key === self.key) {
      if (grant) lease.granted(this.number, grant)
      return
    }
    this.#node.send(follower.node, {
      type: 'round',
      term: this.number,
      round: this.#rounds.current,
      committed,
      version: log.latest.version,
      isFounding: this.isFounding && !this.isBegun,
      grant,
      regionsVersion: follower.regionsVersion,
    })
  }

  /** A promise came. @returns the follower, where it is one of this term */
  answered(from: NodeKey, answer: AnswerMessage, now: number): Follower | undefined {
    const follower = this.#noteAnswer(from, answer.round, answer.version, now)
    if (follower) follower.applied = laterVersion(follower.applied, answer.applied)
    if (follower && compareVersions(answer.version, this.#node.log.latest.version) > 0) {
      if (!this.isBegun) this.#fetchFrom(follower, now)
    } else if (follower) this.replicate(follower, now)
    return follower
  }

  #noteAnswer(from: NodeKey, round: number, version: Version, now: number): Follower | undefined {
    const follower = this.followers.get(from)
    if (!follower || round > this.#rounds.current) return undefined
    this.#rounds.answered(from, round)
    this.#noteVersion(follower, version)
    if (round > follower.round) {
      follower.round = round
      follower.receivedAt = now
    }
    return follower
  }

  /** A member told where its table stands. */
  accepted(from: NodeKey, version: Version, now: number): void {
    const follower = this.followers.get(from)
    if (!follower) return
    this.#noteVersion(follower, version)
    follower.sent = undefined
    this.replicate(follower, now)
  }

  #noteVersion(follower: Follower, version: Version): void {
    // What was acknowledged once stays so: a lower version is old news.
    if (compareVersions(version, follower.version) > 0 || !this.isBegun) follower.version = version
    if (follower.sent && sameVersion(version, follower.sent.version)) follower.sent = undefined
  }

  #fetchFrom(follower: Follower, now: number): void {
    if (follower.sent && now < follower.sent.at + this.#resendMs) return
    follower.sent = { version: follower.version, at: now }
    this.#node.send(follower.node, { type: 'fetch', term: this.number })
  }

  get #resendMs(): number {
    return this.#node.settings.leaseMs / 8
  }

  /** Works out the right anew. It never shrinks: a promise that was given is kept. */
  updateRight(): void {
    const { log, settings, view } = this.#node
    const longest = this.#rounds.lastSentAt + settings.leaseMs * driftShare
    if (this.rightUntil >= longest) return
    const { electorate, version } = log.latest
    const all = this.isFounding && !this.isBegun ? founders(electorate, view) : undefined
    const enough = (those: ReadonlySet<NodeKey>): boolean =>
      all ? all.size > 0 && [...all].every((key) => those.has(key)) : isMajority(electorate, those)
    // Who knows of a later table does not help until this node has that.
    const counts = (key: NodeKey): boolean => {
      const follower = this.followers.get(key)
      return (
        follower !== undefined && (this.isBegun || compareVersions(follower.version, version) <= 0)
      )
    }
    const since = this.#rounds.supportedSince(enough, counts)
    this.rightUntil = Math.max(this.rightUntil, since + settings.leaseMs * driftShare)
  }

  /** Makes the next version of the table, and has the others take it. */
  propose(changes: readonly Change[], now: number): Version {
    const { log, self } = this.#node
    const batch: Batch = {
      version: { term: this.number, seq: ++this.#seq },
      previous: log.latest.version,
      changes,
    }
    log.append(batch)
    const own = this.followers.get(self.key)
    if (own) own.version = batch.version
    for (const follower of this.followers.values()) this.replicate(follower, now)
    return batch.version
  }

  /** Sends a member what it lacks of the table, unless that is under way. */
  replicate(follower: Follower, now: number): void {
    const { log } = this.#node
    const { version } = log.latest
    if (!this.isBegun || !follower.hasAnswered || sameVersion(follower.version, version)) return
    // One at a time: batches that overtake each other do not fit. What is lost is sent again after a while.
    if (follower.sent && now < follower.sent.at + this.#resendMs) return
    const batches = log.batchesAfter(follower.version)
    follower.sent = { version, at: now }
    if (batches) this.#sendBatches(follower.node, batches)
    else {
      for (const part of snapshotOf(log.latest, this.number))
        this.#node.send(follower.node, part, 'data')
    }
  }

  /** In as few messages as fit frames: those that a member lacks are of no use one by one. */
  #sendBatches(to: NodeIdentity, batches: readonly Batch[]): void {
    let [piece, rows]: [Batch[], number] = [[], 0]
    const flush = (): void => {
      const lane = rows > maxControlRows ? 'data' : 'control'
      if (piece.length > 0) {
        this.#node.send(to, { type: 'entries', term: this.number, batches: piece }, lane)
      }
      ;[piece, rows] = [[], 0]
    }
    for (const batch of batches) {
      const more = rowsOf(batch)
      if (rows + more > maxMessageRows) flush()
      piece.push(batch)
      rows += more
    }
    flush()
  }

  /** Has what a majority acknowledged take effect. @returns whether anything did */
  commit(): boolean {
    const { log } = this.#node
    const { electorate, version: latest } = log.latest
    if (!this.isBegun || sameVersion(latest, log.committed.version)) return false
    const acknowledged = [...this.followers.values()]
      .filter(({ version }) => version.term === this.number)
      .toSorted((left, right) => right.version.seq - left.version.seq)
    const those = new Set<NodeKey>()
    for (const { node, version } of acknowledged) {
      those.add(node.key)
      if (isMajority(electorate, those)) return this.#node.commit(version)
    }
    return false
  }
}
