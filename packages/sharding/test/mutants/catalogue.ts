// Mistakes that somebody could make, one at a time. Each must be caught, or the trials prove nothing.

export interface Mutant {
  readonly name: string
  /** Below `src`. */
  readonly file: string
  /** Text that stands there exactly once. */
  readonly find: string
  readonly replace: string
  /** A seed of chaos that catches it; others are tried where it does not any more. */
  readonly seed?: number
  /** Whether only long hunts need catch it: few seeds do. */
  readonly isRare?: boolean
}

export const mutants: readonly Mutant[] = [
  {
    name: 'a promise binds nobody',
    file: 'authority/acceptor.ts',
    find: 'if (promise && promise.until > now && ',
    replace: 'if (promise && promise.until > now + 1e9 && ',
    seed: 47,
  },
  {
    name: 'a term that is over is promised again',
    file: 'authority/acceptor.ts',
    find: 'if (term <= highestTerm && !isRenewal) {',
    replace: 'if (term < 0 && !isRenewal) {',
    seed: 31,
  },
  {
    name: 'the right lasts longer than the promises that it is made of',
    file: 'coordinator/term.ts',
    find: 'since + settings.leaseMs * driftShare)',
    replace: 'since + settings.leaseMs * 1.5)',
  },
  {
    name: 'the right counts from the last round, whoever answered it',
    file: 'authority/rounds.ts',
    find: 'this.#answered.set(member, sentAt)',
    replace: 'this.#answered.set(member, this.#sentAt.get(this.#round) ?? sentAt)',
    seed: 47,
  },
  {
    name: 'half of the voters are a majority',
    file: 'table/electorate.ts',
    find: 'return count * 2 > voters.length',
    replace: 'return count * 2 >= voters.length',
    seed: 8,
  },
  {
    name: 'the former voters are not asked while voters change',
    file: 'table/electorate.ts',
    find: '(former.length === 0 || moreThanHalf(former, those))',
    replace: '(former.length === 0 || former.length > 0)',
  },
  {
    name: 'answers count of who knows of a later table',
    file: 'coordinator/term.ts',
    find: '(this.isBegun || compareVersions(follower.version, version) <= 0)',
    replace: '(this.isBegun || compareVersions(follower.version, version) <= 1e9)',
    seed: 6,
  },
  {
    name: 'a change takes effect when the coordinator has it',
    file: 'coordinator/term.ts',
    find: 'if (isMajority(electorate, those)) return this.#node.commit(version)',
    replace: 'if (electorate) return this.#node.commit(version)',
  },
  {
    name: 'a lease counts from when it was asked for last',
    file: 'core/region-lease.ts',
    find: 'if (round <= this.#forgotten || this.#askedAt.has(round)) return',
    replace: 'if (round <= this.#forgotten) return',
  },
  {
    name: 'a lease outlasts the right of who gave it',
    file: 'coordinator/lease-book.ts',
    find: 'const longest = Math.min(this.#leaseMs, rightUntil - receivedAt)',
    replace: 'const longest = rightUntil > 0 ? this.#leaseMs : receivedAt',
  },
  {
    name: 'leases are not waited for before shards are taken',
    file: 'coordinator/type-planner.ts',
    find: 'if (endsAt > this.#situation.now) {',
    replace: 'if (endsAt > this.#situation.now + 1e9) {',
  },
  {
    name: 'a lease holds whatever the table is here',
    file: 'core/region-lease.ts',
    find: 'compareVersions(applied, this.#after) >= 0 ?',
    replace: 'compareVersions(applied, this.#after) >= -1e18 ?',
    seed: 42,
  },
  {
    name: 'leases are given while a shard is being taken from their holder',
    file: 'coordinator/coordinator.ts',
    find: 'if (withheldUntil && compareVersions(committed.version, withheldUntil) < 0) return undefined',
    replace: 'void withheldUntil, compareVersions',
    seed: 22,
  },
  {
    name: 'leases are given before the own term is established',
    file: 'coordinator/coordinator.ts',
    find: 'if (!term?.isEstablished || !term.hasRight(now) || !follower.hasAnswered) return undefined',
    replace: 'if (!term || !term.hasRight(now) || !follower.hasAnswered) return undefined',
    seed: 187,
    isRare: true,
  },
  {
    name: 'leases of who resigned are forgotten',
    file: 'coordinator/lease-book.ts',
    find: 'if (forMs > 0) this.#formerEnd',
    replace: 'if (forMs > 1e9) this.#formerEnd',
  },
  {
    name: 'a new owner gets the epoch of the old one',
    file: 'coordinator/type-planner.ts',
    find: 'Math.max(Math.max(row.epoch, written) + 1, this.#lowestEpoch)',
    replace: 'Math.max(row.epoch, written, this.#lowestEpoch)',
  },
  {
    name: 'a shard moves before its owner has released it',
    file: 'coordinator/type-planner.ts',
    find: 'if (isReleased) this.#settleAt(shard, row, to)',
    replace: 'if (isReleased || to) this.#settleAt(shard, row, to)',
  },
  {
    name: 'a table is begun anew as soon as voters are lost',
    file: 'authority/founding.ts',
    find: 'const alive = aliveIn(after)\n  return before.some(',
    replace: 'const alive = aliveIn(after)\n  return [].some(',
  },
  {
    name: 'some of the founders are enough',
    file: 'coordinator/term.ts',
    find: '[...all].every((key) => those.has(key))',
    replace: '[...all].some((key) => those.has(key))',
    seed: 147,
    isRare: true,
  },
]
