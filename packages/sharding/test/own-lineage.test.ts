// Which copies of a shard count, as its owner knows.
import { expect, test } from 'vitest'
import { ShardCopies } from '../src/replication/copies.ts'
import { CopyRoom } from '../src/replication/copy-room.ts'
import type { CopyStore } from '../src/replication/copy-store.ts'
import { OwnLineage } from '../src/replication/own-lineage.ts'
import type { Lineage } from '../src/replication/lineage.ts'

/** An owner, which has one id of that lineage, and a disk that writes when the test says so. */
class Owner {
  readonly copies: ShardCopies = new ShardCopies(new CopyRoom(1_000_000))
  readonly lineage: OwnLineage
  /** Answers of the disk that are waited for. */
  readonly asked: ((isStored: boolean) => void)[] = []
  forgotten = 0
  /** Times that what waits was told to look again. */
  told = 0

  constructor(agreed: number | undefined, own?: Lineage, ownAck = true) {
    if (own) this.write(own)
    const store: CopyStore = {
      writeEntries: () => {},
      writeCopy: () => {},
      writeLineage: (goOn) => this.asked.push(goOn),
      forget: () => this.forgotten++,
      whenStored: () => {},
    }
    this.lineage = new OwnLineage(this.copies, store, { agreed, ownAck }, () => this.told++)
  }

  write(lineage?: Lineage): void {
    if (lineage) this.copies.comeFrom(lineage)
    const { count } = this.copies.version('a')
    this.copies.apply('a', { type: 'claim', epoch: 9 }, { epoch: 9, count: count + 1 })
  }
}

test('what was never confirmed gives way to what the table says', () => {
  const owner = new Owner(4, { bornIn: 7, isConfirmed: false })
  expect([owner.copies.count, owner.forgotten]).toEqual([0, 1])
  expect(owner.lineage.isAside).toBe(false)
  expect(owner.lineage.bornIn).toBe(4)
})

test('what may have been confirmed is kept aside, and waits for the table, until it was given up', () => {
  const owner = new Owner(4, { bornIn: 7, isConfirmed: true })
  expect([owner.copies.count, owner.lineage.isAside]).toEqual([1, true])
  expect(owner.lineage.contest()).toBe(true)
  expect(owner.lineage.isContested).toBe(true)
  expect(owner.lineage.mayConfirm()).toBe(false)
  owner.copies.forget()
  owner.lineage.gaveUp()
  owner.lineage.begin(9)
  owner.write()
  expect(owner.copies.lineage).toEqual({ bornIn: 4, isConfirmed: false })
})

test('it is contested once, and not where something was confirmed already', () => {
  const owner = new Owner(4)
  expect([owner.lineage.contest(), owner.lineage.contest()]).toEqual([true, false])
  const confirmed = new Owner(4, { bornIn: 4, isConfirmed: true })
  expect([confirmed.lineage.contest(), confirmed.lineage.isContested]).toEqual([false, false])
  const inMemory = new Owner(undefined)
  expect([inMemory.lineage.contest(), inMemory.lineage.isContested]).toEqual([false, false])
})

test('nothing is confirmed while it is being found out which copies count', () => {
  const owner = new Owner(4, { bornIn: 4, isConfirmed: true })
  owner.lineage.isUndecided = true
  expect(owner.lineage.mayConfirm()).toBe(false)
  owner.lineage.isUndecided = false
  expect(owner.lineage.mayConfirm()).toBe(true)
})

test('before the first write is confirmed, the disk has to say that there are such', () => {
  const owner = new Owner(4)
  owner.lineage.begin(9)
  owner.write()
  expect(owner.lineage.mayConfirm()).toBe(false)
  expect(owner.copies.lineage).toEqual({ bornIn: 4, isConfirmed: true })
  expect(owner.lineage.mayConfirm()).toBe(false)
  expect(owner.asked).toHaveLength(1)
  owner.asked[0]?.(true)
  expect(owner.told).toBe(1)
  expect(owner.lineage.mayConfirm()).toBe(true)
  expect(owner.asked).toHaveLength(1)
})

test('where the disk did not work it is asked again', () => {
  const owner = new Owner(undefined)
  owner.lineage.begin(9)
  owner.write()
  expect(owner.copies.lineage).toEqual({ bornIn: 9, isConfirmed: false })
  expect(owner.lineage.mayConfirm()).toBe(false)
  owner.asked[0]?.(false)
  expect(owner.told).toBe(0)
  expect(owner.lineage.mayConfirm()).toBe(false)
  expect(owner.asked).toHaveLength(2)
})

test('where the disk of the owner need not have a write, its word is asked for and not waited for', () => {
  const owner = new Owner(4, { bornIn: 4, isConfirmed: false }, false)
  expect(owner.lineage.mayConfirm()).toBe(true)
  expect(owner.asked).toHaveLength(1)
})
