// Mistakes in who may give out shards, and in what that takes.
import type { SeededBug } from '../bug.ts'
import { bugsOf } from './bugs-of.ts'

const s = 'packages/sharding/src'

export const shardDecidingBugs: readonly SeededBug[] = bugsOf([
  {
    name: 'promise-not-kept',
    promise: 'one owner at a time',
    file: `${s}/authority/acceptor.ts`,
    find: 'if (promise && promise.until > now && ',
    replace: 'if (promise && promise.until > now + 1e9 && ',
    why: 'Who has promised one coordinator to help no other helps the next one all the same.',
  },
  {
    name: 'right-beyond-the-promises',
    promise: 'one owner at a time',
    file: `${s}/coordinator/term.ts`,
    find: 'since + settings.leaseMs * driftShare)',
    replace: 'since + settings.leaseMs * 2.5)',
    why: 'A coordinator goes on when those who promised it their help are free again.',
  },
  {
    name: 'half-is-a-majority',
    promise: 'one owner at a time',
    file: `${s}/table/electorate.ts`,
    find: 'return count * 2 > voters.length',
    replace: 'return count * 2 >= voters.length - 1',
    why: 'Two halves of the voters, or nearly, have a coordinator each.',
  },
  {
    name: 'changes-without-a-majority',
    promise: 'one owner at a time',
    file: `${s}/coordinator/term.ts`,
    find: 'if (isMajority(electorate, those)) return this.#node.commit(version)',
    replace: 'if (electorate) return this.#node.commit(version)',
    why: 'What a coordinator decides takes effect before anybody else knows of it, and dies with it.',
  },
  {
    name: 'lease-longer-than-granted',
    promise: 'one owner at a time',
    file: `${s}/core/region-lease.ts`,
    find: 'this.#until = Math.max(this.#until, askedAt + forMs)',
    replace: 'this.#until = Math.max(this.#until, askedAt + 3 * forMs)',
    why: 'An owner that is cut off goes on after its shards were given to others.',
  },
  {
    name: 'lease-not-waited-for',
    promise: 'one owner at a time',
    file: `${s}/coordinator/type-planner.ts`,
    find: 'if (endsAt > this.#situation.now) {',
    replace: 'if (endsAt > this.#situation.now + 1e9) {',
    why: 'The shards of a silent owner are given away while it may still act.',
  },
  {
    name: 'lease-never-checked',
    promise: 'one owner at a time',
    file: `${s}/lease-gate.ts`,
    find: 'if (!isOpen) this.#wasClosed = true\n    return isOpen',
    replace: 'if (!isOpen) this.#wasClosed = true\n    return this.#until > 0',
    why: 'A process that stood still handles what waits for it before it finds that its lease is over.',
  },
  {
    name: 'lease-by-the-monotonic-clock-alone',
    promise: 'one owner at a time',
    file: `${s}/lease-gate.ts`,
    find: 'this.#clock.now() < this.#until && (this.#isAwake || this.#lookAtWall())',
    replace: 'this.#clock.now() < this.#until',
    also: {
      file: `${s}/core/sharding-core.ts`,
      find: 'if (sleptMs <= 0) return',
      replace: 'if (sleptMs <= 1e12) return',
    },
    why: 'A machine that slept goes on as if no time had passed.',
  },
  {
    name: 'lease-by-the-wall-clock-alone',
    promise: 'one owner at a time',
    file: `${s}/lease-gate.ts`,
    find: 'this.#clock.now() < this.#until && (this.#isAwake || this.#lookAtWall())',
    replace: 'this.#clock.wallNow() < this.#untilByWall',
    why: 'An owner whose wall clock is set back has its lease for as much longer.',
  },
  {
    name: 'epoch-not-raised',
    promise: 'epochs grow',
    file: `${s}/coordinator/type-planner.ts`,
    find: 'Math.max(Math.max(row.epoch, written) + 1, this.#lowestEpoch)',
    replace: 'Math.max(row.epoch, written, this.#lowestEpoch)',
    why: 'A new owner has the epoch of the old one, and nothing tells their writes apart.',
  },
  {
    name: 'moved-before-released',
    promise: 'one owner at a time',
    file: `${s}/coordinator/type-planner.ts`,
    find: 'if (isReleased) this.#settleAt(shard, row, to)',
    replace: 'if (isReleased || to) this.#settleAt(shard, row, to)',
    why: 'A shard has its new owner before the old one has let go of it.',
  },
])
