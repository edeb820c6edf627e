// Who believes to hold what, in the world's time, which no process knows: locks and permits are granted to as many as there
// are, under tokens that grow, and a resource that goes by tokens never goes back.
import type { Lease } from '@casty/ddata'
import type { StructuresUser } from './user.ts'
import type { StructuresRun } from './structures-run.ts'

interface Holding {
  readonly user: StructuresUser
  readonly lease: Lease
  readonly permits: number
}

/** What nobody can be blamed for. */
export interface Excuses {
  /** More copies were lost at once than are to be outlived. */
  readonly mayHaveLost: boolean
  /** … and wall clocks were set, which epochs begin with. */
  readonly tokensMayFall: boolean
  /** … and there are too few left that are right. */
  readonly tokensMayStayLow: boolean
}

/** What guards itself by tokens: it refuses those below the highest that it was told of. */
class Resource {
  highest = -1n
}

export class Holdings {
  readonly #run: StructuresRun
  readonly #excuses: Excuses
  readonly #held = new Map<string, Set<Holding>>()
  readonly #tokens = new Map<string, { readonly token: bigint; readonly by: string }>()
  readonly #all = new Map<string, Set<bigint>>()
  readonly #resources = new Map<string, Resource>()

  constructor(run: StructuresRun, excuses: Excuses) {
    this.#run = run
    this.#excuses = excuses
  }

  /** The highest token that anybody was ever given of it. */
  highestOf(name: string): bigint {
    return this.#tokens.get(name)?.token ?? -1n
  }

  /**
   * A user was granted something.
   *
   * @param size - how many permits may be held at a time; Infinity: it may be taken from whoever has it
   * @param above - the highest token there was when it asked
   * @returns to be called when it does not believe so any more, or is about to give it back
   */
  granted(
    name: string,
    size: number,
    user: StructuresUser,
    lease: Lease,
    above: bigint,
  ): () => void {
    const { token, permits } = lease
    const holding: Holding = { user, lease, permits }
    this.#judgeToken(name, size, user, token, above)
    const held = this.#held.get(name) ?? new Set()
    this.#held.set(name, held)
    // One that is blocked in the midst of something has it later than it seems.
    this.#run.world.clock.schedule(user.aheadMs, () => {
      if (!believes(holding)) return
      held.add(holding)
      this.#judge(name, size, held, holding)
    })
    return () => void held.delete(holding)
  }

  #judgeToken(
    name: string,
    size: number,
    user: StructuresUser,
    token: bigint,
    above: bigint,
  ): void {
    const seen = this.#all.get(name) ?? new Set()
    this.#all.set(name, seen)
    const [kind] = name.split(' ')
    if (seen.has(token)) {
      this.#run.violate('tokens only grow', `${name}: ${user.name} has ${token}, which another had`)
    } else if (token <= above && !this.#excuses.tokensMayFall) {
      const text = `${name}: ${user.name} has ${token}; ${above} had been given before it asked`
      this.#run.violate('tokens only grow', text)
    }
    seen.add(token)
    const last = this.#tokens.get(name)
    if (last === undefined || token > last.token) {
      this.#tokens.set(name, { token, by: user.name })
    } else if (size === 1 && kind === 'lock' && !this.#isExcused(user)) {
      const text = `${name}: ${user.name} has ${token}, and ${last.by} had ${last.token} before`
      this.#run.violate('tokens only grow', text)
    }
  }

  /** Clocks of machines that slept do not know, and what is not there any more cannot be kept. */
  #isExcused(user: StructuresUser): boolean {
    return this.#excuses.mayHaveLost || user.hasSlept
  }

  #judge(name: string, size: number, held: Set<Holding>, last: Holding): void {
    let permits = 0
    const holders: string[] = []
    for (const holding of held) {
      if (!believes(holding)) {
        held.delete(holding)
        continue
      }
      if (this.#isExcused(holding.user)) continue
      permits += holding.permits
      holders.push(`${holding.user.name} by ${holding.lease.fence}`)
    }
    if (permits <= size) return
    const text = `${name} has ${size}, and ${permits} are held: ${holders.join(', ')}; last ${last.user.name}`
    this.#run.violate('no more is held than there is', text, last.user.host)
  }

  /**
   * Whoever has it tells the resource. Where tokens may stay low it would refuse everybody from then on, so it takes what
   * comes: nobody is judged by what it refuses then.
   *
   * @returns whether it was let in
   */
  claim(name: string, token: bigint): boolean {
    const resource = this.#resourceOf(name)
    if (token < resource.highest && !this.#excuses.tokensMayStayLow) return false
    resource.highest = token
    return true
  }

  /** @returns whether it was written */
  write(name: string, token: bigint): boolean {
    return token >= this.#resourceOf(name).highest
  }

  /** A resource refuses a user: by then it must not believe to be the holder any more. */
  refused(name: string, size: number, user: StructuresUser, lease: Lease): void {
    if (size === Infinity || this.#isExcused(user) || !believes({ user, lease, permits: 1 })) return
    const text = `${name} is refused to ${user.name}, who has it by ${lease.fence}: the resource knows ${this.#resourceOf(name).highest}`
    this.#run.violate('no more is held than there is', text, user.host)
  }

  #resourceOf(name: string): Resource {
    const known = this.#resources.get(name) ?? new Resource()
    this.#resources.set(name, known)
    return known
  }
}

function believes({ user, lease }: Holding): boolean {
  return user.isAlive && user.clock.peek(() => lease.isHeld)
}
