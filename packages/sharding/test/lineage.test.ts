// Copies that do not come from where the owner's do: they are kept, and nobody is served by both.
import { ManualClock } from '@casty/clock'
import { inMemoryJournal } from '@casty/persistence'
import { expect, test } from 'vitest'
import { ShardCopies } from '../src/replication/copies.ts'
import { CopyRoom } from '../src/replication/copy-room.ts'
import { CopyLog } from '../src/replication/copy-log.ts'
import { atEndOfTurn } from '../src/replication/end-of-turn.ts'
import type { Lineage } from '../src/replication/lineage.ts'
import type { ReplicaAnswer, ReplicatedEntry, ReplicaRequest } from '../src/replication/messages.ts'
import { Replica } from '../src/replication/replica.ts'

const list: ReplicaRequest = { type: 'list', token: 1, after: undefined }
const dismiss: ReplicaRequest = { type: 'dismiss' }

function claimed(id: string, epoch: number): ReplicatedEntry {
  const operation = { type: 'claim', epoch } as const
  return { id, previous: { epoch: 0, count: 0 }, version: { epoch, count: 1 }, operation }
}

/** A replica with a disk, and one id. */
class Keeper {
  readonly copies = new ShardCopies(new CopyRoom(1_000_000))
  readonly clock = new ManualClock()
  readonly journal = inMemoryJournal({ clock: this.clock })
  readonly log: CopyLog
  readonly replica: Replica

  constructor(lineage?: Lineage) {
    this.log = new CopyLog(this.journal, 'casty-copies/t/3', this.copies, {
      wallNow: () => this.clock.wallNow(),
      atEndOfTurn,
      schedule: (delayMs, callback) => this.clock.schedule(delayMs, callback),
      failed: () => {},
      shared: () => {},
    })
    this.replica = new Replica(this.copies, this.log)
    if (!lineage) return
    this.copies.comeFrom(lineage)
    const entry = claimed('a', 5)
    this.copies.apply(entry.id, entry.operation, entry.version)
    this.log.writeEntries([entry], () => {})
  }

  async answer(lineage: number | undefined, request: ReplicaRequest): Promise<ReplicaAnswer[]> {
    const answers: ReplicaAnswer[] = []
    this.replica.answer({ epoch: 9, lineage }, request, (answer) => answers.push(answer))
    await new Promise<boolean>((resolve) => this.log.whenStored(resolve))
    return answers
  }
}

test('what was confirmed in another lineage is kept, whatever an owner asks', async () => {
  const lineage = { bornIn: 4, isConfirmed: true }
  const keeper = new Keeper(lineage)
  const refused = [{ type: 'other-lineage', lineage }]
  const feed: ReplicaRequest = { type: 'replicate-events', entries: [claimed('b', 9)] }
  for (const request of [list, feed, dismiss]) {
    // eslint-disable-next-line no-await-in-loop -- One after another.
    expect(await keeper.answer(8, request)).toEqual(refused)
  }
  expect(await keeper.answer(undefined, dismiss)).toEqual(refused)
  expect(keeper.replica.isOfOtherLineage).toBe(true)
  expect([...keeper.copies.ids()]).toEqual(['a'])
})

test('an owner without any copies gets what there is, and where that comes from', async () => {
  const lineage = { bornIn: 4, isConfirmed: true }
  const keeper = new Keeper(lineage)
  expect(await keeper.answer(undefined, list)).toMatchObject([{ type: 'listed', lineage }])
  expect(keeper.replica.isOfOtherLineage).toBe(false)
})

test('what was surely never confirmed gives way to another lineage', async () => {
  const keeper = new Keeper({ bornIn: 4, isConfirmed: false })
  expect(await keeper.answer(8, list)).toMatchObject([{ type: 'listed', copies: [] }])
  expect(keeper.copies.count).toBe(0)
})

test('a replica without copies is of the lineage that it gets, also after a restart', async () => {
  const keeper = new Keeper()
  const feed: ReplicaRequest = { type: 'replicate-events', entries: [claimed('b', 9)] }
  expect(await keeper.answer(8, feed)).toMatchObject([{ type: 'replicate-events-ack' }])
  const again = new ShardCopies(new CopyRoom(1_000_000))
  await new CopyLog(keeper.journal.open(), 'casty-copies/t/3', again, {
    wallNow: () => 1,
    atEndOfTurn,
    schedule: (delayMs, callback) => keeper.clock.schedule(delayMs, callback),
    failed: () => {},
    shared: () => {},
  }).load()
  expect(again.lineage).toEqual({ bornIn: 8, isConfirmed: true })
  expect([...again.ids()]).toEqual(['b'])
})
