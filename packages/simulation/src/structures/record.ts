// What a run has come to know, outside of all its processes: what users asked for, were answered, and believe to hold.
import type { DDataErrorCode } from '@casty/ddata'
import { NodeDisks } from '../hosting/node-disks.ts'
import { JournalService } from '../sharding/journal-service.ts'
import { Mines } from '../sharding/mines.ts'
import { forkRandom } from '../world/seeds.ts'
import { Barriers } from './barriers.ts'
import { Cells } from './cells.ts'
import { EntryLives } from './entry-lives.ts'
import { Gathering } from './gathering.ts'
import { Holdings, type Excuses } from './holdings.ts'
import { Items } from './items.ts'
import { Losses } from './losses.ts'
import type { Outsider } from './outsider.ts'
import type { StructuresRareState } from './rare-states.ts'
import { structuresSettings } from './settings.ts'
import type { StructuresRun } from './structures-run.ts'
import { WallClocks } from './wall-clocks.ts'
import { Watches } from './watches.ts'

export class StructuresRecord implements Excuses {
  readonly disks: NodeDisks = new NodeDisks()
  readonly journal: JournalService
  readonly mines: Mines
  readonly cells: Cells
  readonly items: Items
  readonly barriers: Barriers
  readonly entryLives: EntryLives = new EntryLives()
  readonly gathering: Gathering = new Gathering()
  readonly watches: Watches = new Watches()
  readonly holdings: Holdings
  readonly losses: Losses
  /** Wall clocks that were set by hand: where all copies are lost, epochs may fall for a while. */
  readonly wallClocks: WallClocks
  outsider: Outsider | undefined
  readonly #run: StructuresRun
  #count = 0

  constructor(run: StructuresRun) {
    const { world, plan } = run
    const now = (): number => world.now
    this.#run = run
    this.journal = new JournalService(world, forkRandom(plan.seed, 'journal'), {
      lateRefused: () => this.reach('a write comes late, and is refused'),
      claimed: () => {},
    })
    this.mines = new Mines(run)
    this.cells = new Cells(now)
    this.items = new Items(now)
    this.barriers = new Barriers()
    this.losses = new Losses(run)
    this.wallClocks = new WallClocks(world.hosts.length)
    this.holdings = new Holdings(run, this)
  }

  /** Whether so many copies were lost at once that what is shared need not be there any more. */
  get mayHaveLost(): boolean {
    const { hasJournal, hasDisks } = structuresSettings(this.#run.plan)
    return !hasJournal && !hasDisks && this.losses.areTooMany
  }

  get tokensMayFall(): boolean {
    return this.mayHaveLost && this.wallClocks.wereSet
  }

  get tokensMayStayLow(): boolean {
    return this.mayHaveLost && !this.wallClocks.areMostlyRight
  }

  nextCount(): number {
    return ++this.#count
  }

  reach(state: StructuresRareState): void {
    this.#run.reach(state)
  }

  failed(code: DDataErrorCode): void {
    if (code === 'CASTY_DDATA_SESSION_EXPIRED') this.reach('a session is forgotten')
    if (code === 'CASTY_DDATA_CLOSED') this.reach('structures are called that were closed')
    if (code === 'CASTY_DDATA_QUEUE_FULL') this.reach('a queue is full')
  }
}

const records = new WeakMap<StructuresRun, StructuresRecord>()

/** Each run has its own. */
export function recordOf(run: StructuresRun): StructuresRecord {
  const known = records.get(run) ?? new StructuresRecord(run)
  records.set(run, known)
  return known
}
