// What a run has come to know, outside of all its processes: who acted when, what became of each message, what
// clients were answered.
import type { DeadLetterReason } from '@casty/actor'
import type { EntityContext } from '@casty/sharding'
import { forkRandom } from '../world/seeds.ts'
import { ShardActs } from './acts.ts'
import { Answers } from './answers.ts'
import type { Added, ClientLetter, EntityEar, TallyState } from './entities.ts'
import { Fences } from './fences.ts'
import { JournalService } from './journal-service.ts'
import { Letters } from './letters.ts'
import { Mines } from './mines.ts'
import { NodeDisks } from '../hosting/node-disks.ts'
import type { Outsider } from './outsider.ts'
import type { ShardingRareState } from './rare-states.ts'
import { clocksAreOff } from './settings.ts'
import type { ShardingProcess, ShardingRun } from './sharding-run.ts'
import { Survival } from './survival.ts'
import type { ClaimEar } from './watched-journal.ts'

/** Something that must hold, and does not. */
export interface Finding {
  readonly checker: ShardingChecker
  readonly text: string
}

export type ShardingChecker =
  | 'one acts at a time'
  | 'one may act at a time'
  | 'one coordinator at a time'
  | 'epochs only grow'
  | 'an epoch has one owner'
  | 'stale writers are refused'
  | 'messages are handled once'
  | 'order is kept'
  | 'the dead are not handled'
  | 'messages are accounted for'
  | 'questions end in time'
  | 'what is acknowledged stays'
  | 'the counter is linearizable'
  | 'what is handed over is the latest'

export const typeNames = ['ledger', 'copied', 'tally'] as const
export type TypeName = (typeof typeNames)[number]

interface Tally {
  state: TallyState
  hasLeft: boolean
}

export class ShardingRecord {
  readonly journal: JournalService
  readonly letters: Letters = new Letters()
  readonly answers: Answers = new Answers()
  readonly fences: Fences = new Fences()
  readonly survival: Survival = new Survival()
  /** What entities said last of all that was added to them. */
  readonly told: Map<string, readonly Added[]> = new Map()
  readonly mines: Mines
  /** Where copies are kept beside the memory of nodes. */
  readonly disks: NodeDisks = new NodeDisks()
  /** When something may have been lost without a word: a process ended, or frames were given up. */
  readonly lossesAt: number[] = []
  /** Nothing is disturbed: then nothing may be lost that could be had. */
  isPeace = false
  /** Wall clocks were set by hand. */
  wallJumped = false
  /** Who sends to entities, and is no member. */
  outsider: Outsider | undefined
  /** One with a slow clock is cut off, or stands still. */
  hasStaleOwner = false
  /** Who gave out shards last. */
  lastCoordinator: ShardingProcess | undefined
  readonly #run: ShardingRun
  /** When a node was last seen without a lease for shards that it ran. */
  readonly #lapsedAt = new Map<ShardingProcess, number>()
  readonly #acts = new Map<string, ShardActs>()
  readonly #tallies = new Map<string, Tally>()
  #uids = 0
  #lives = 0

  constructor(run: ShardingRun) {
    this.#run = run
    this.journal = new JournalService(run.world, forkRandom(run.plan.seed, 'journal'), {
      lateRefused: () => this.reach('a write comes late, and is refused'),
      claimed: (id, epoch, { sequenceNr }) => this.#claimed(keyOf('ledger', id), epoch, sequenceNr),
    })
    this.mines = new Mines(run)
  }

  nextUid(): string {
    return `m${++this.#uids}`
  }

  judge(finding: Finding | undefined, host: string): void {
    if (finding) this.#run.violate(finding.checker, finding.text, host)
  }

  reach(state: ShardingRareState): void {
    this.#run.reach(state)
  }

  /** When what a process does now happens: one that is blocked in the midst of it does it later. */
  momentOf({ clock }: Pick<ShardingProcess, 'clock'>): number {
    return this.#run.world.now + clock.aheadMs
  }

  /** What the entities of a process tell. */
  earOf(process: ShardingProcess, type: TypeName): EntityEar {
    return {
      nextLife: () => `life ${++this.#lives}`,
      handles: (entity, letter) => this.#handles(process, type, entity, letter),
      ticks: (entity) => this.#act(process, type, entity),
      begins: (entity, state, isHandedOver) =>
        this.#begins(process, entity.entityId, state, isHandedOver),
      tells: ({ entityId }, events) => this.told.set(keyOf(type, entityId), events),
      leaves: (entity, state) => {
        this.#tallies.set(entity.entityId, { state, hasLeft: true })
        this.reach('an entity hands over its state')
      },
      worked: () => {
        const mayAct = process.clock.peek(() => process.program?.sharding.hasLease)
        if (mayAct === false) this.reach('a lease runs out while a handler waits')
      },
    }
  }

  /** Who claims copies of an entity's events. */
  copiesOf(process: ShardingProcess, id: string): ClaimEar {
    const key = keyOf('copied', id)
    return {
      claims: () => this.survival.claims(key, process, this.#run.world.now),
      claimed: (epoch, { sequenceNr }) => this.#claimed(key, epoch, sequenceNr),
    }
  }

  #claimed(key: string, epoch: number, behind: number): void {
    this.fences.claimed(key, { epoch, behind, at: this.#run.world.now })
  }

  #handles(
    process: ShardingProcess,
    type: TypeName,
    entity: EntityContext<never>,
    letter: ClientLetter,
  ): void {
    this.#act(process, type, entity)
    const sentAt = this.letters.find(letter.uid)?.sentAt ?? 0
    if ((this.#lapsedAt.get(process) ?? 0) > sentAt) {
      this.reach('a message waits until its node has a lease')
    }
    const key = keyOf(type, entity.entityId)
    // Whoever is not the last to have claimed the journal may know less than there is.
    if (clocksAreOff(this.#run) && this.fences.isStale(key, entity.epoch)) {
      this.answers.doubt(letter.uid)
    }
    const finding = this.letters.handled(letter, key, process.toString(), this.momentOf(process))
    // Two who act do not keep any order, nor does anybody ask that of them.
    if (finding?.checker === 'order is kept' && clocksAreOff(this.#run)) return
    this.judge(finding, process.host)
  }

  #act(process: ShardingProcess, type: TypeName, { shard, epoch }: EntityContext<never>): void {
    const areOff = clocksAreOff(this.#run)
    const key = `${type} ${shard}`
    const acts = this.#acts.get(key) ?? new ShardActs()
    this.#acts.set(key, acts)
    const former = acts.latest
    if (former !== undefined && former !== process && former.isRunning) {
      if (this.#run.world.isStopped(former.host)) {
        this.reach('a shard goes to another while its owner stands still')
      }
    }
    acts.latest = process
    const finding = acts.act(process.toString(), epoch, this.momentOf(process), this.wallJumped)
    if (areOff && finding?.checker !== 'an epoch has one owner') {
      if (finding) this.reach('two act at a time, by clocks that are off')
      return
    }
    const text = finding && `shard ${key}: ${finding.text}`
    if (finding && text) this.judge({ ...finding, text }, process.host)
    for (const other of this.#run.world.processes) {
      if (other === process || !other.program) continue
      const { program, clock } = other
      if (!clock.peek(() => program.mayAct(type, shard))) continue
      const texts = `${process} acts for shard ${key} under epoch ${epoch}, and ${other} may: `
      const home = clock.peek(() => program.regionOf(type).explain(shard))
      this.judge(
        { checker: 'one may act at a time', text: texts + JSON.stringify(home) },
        process.host,
      )
    }
  }

  #begins(process: ShardingProcess, id: string, state: TallyState, isHandedOver: boolean): void {
    const former = this.#tallies.get(id)
    this.#tallies.set(id, { state, hasLeft: false })
    if (clocksAreOff(this.#run)) return
    if (!isHandedOver && !(this.isPeace && former?.hasLeft === true)) return
    const isLatest =
      isHandedOver &&
      former?.hasLeft === true &&
      former.state.origin === state.origin &&
      former.state.total === state.total
    if (isLatest) return
    const text = `${id} begins at ${process} with ${JSON.stringify(state)}; last was ${JSON.stringify(former)}`
    this.judge({ checker: 'what is handed over is the latest', text }, process.host)
  }

  /** Whoever dropped a message says so. */
  deadLetter(host: string, message: unknown, reason: DeadLetterReason): void {
    // A message of the clients, or nobody's business.
    const uid = (message as Partial<ClientLetter> | undefined)?.uid
    if (typeof uid !== 'string') return
    if (reason === 'overdue') this.reach('a message waited too long')
    if (reason === 'lost') this.reach('a message comes back too late')
    this.judge(this.letters.dead(uid, reason), host)
  }

  leaseLapsed(process: ShardingProcess): void {
    this.#lapsedAt.set(process, this.#run.world.now)
  }

  lost(): void {
    this.lossesAt.push(this.#run.world.now)
  }
}

export function keyOf(type: TypeName, entityId: string): string {
  return `${type}/${entityId}`
}

const records = new WeakMap<ShardingRun, ShardingRecord>()

/** Each run has its own. */
export function recordOf(run: ShardingRun): ShardingRecord {
  const known = records.get(run) ?? new ShardingRecord(run)
  records.set(run, known)
  return known
}
