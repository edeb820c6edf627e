// What copies in memory must outlive: a write that was confirmed is on its owner and on `minAcks` replicas, so that it
// may be lost only where more than `minAcks` nodes were, at once.
import type { ClusterState } from '@casty/membership'
import type { ShardingProcess } from './sharding-run.ts'

/** When a node was not there, in the eyes of another. */
interface Absence {
  readonly node: string
  readonly from: number
  to: number
}

interface Claim {
  readonly process: ShardingProcess
  readonly at: number
}

export class Survival {
  readonly #ends: { readonly node: string; readonly at: number }[] = []
  readonly #absences = new Map<ShardingProcess, Absence[]>()
  readonly #claims = new Map<string, Claim[]>()
  /** Nodes that left, and had handed over all that was with them. */
  readonly #left = new Set<string>()

  ended(process: ShardingProcess, at: number): void {
    const node = keyOf(process)
    if (node === undefined) return
    if (process.program?.leftNothing) this.#left.add(node)
    else this.#ends.push({ node, at })
  }

  /** A process sees others come and go. */
  seen(
    process: ShardingProcess,
    state: ClusterState,
    before: ClusterState | undefined,
    at: number,
  ): void {
    const absences = this.#absences.get(process) ?? []
    this.#absences.set(process, absences)
    const members = new Set(state.members.map(({ key }) => key))
    const isThere = (node: string): boolean =>
      [...members].some((key) => key === node && !state.unreachable.has(key))
    for (const absence of absences) {
      if (absence.to === Infinity && isThere(absence.node)) absence.to = at
    }
    const removed = (before?.members ?? []).filter(({ key }) => !members.has(key))
    // Who is removed while it leaves, and is in reach until then, has told what it had; or it is lost when it ends.
    const torn = removed.filter(({ key, status }) => {
      return (
        before?.unreachable.has(key) === true || !(status === 'leaving' || status === 'exiting')
      )
    })
    for (const node of [...state.unreachable.keys(), ...torn.map(({ key }) => key)]) {
      if (this.#left.has(node)) continue
      if (absences.some((absence) => absence.node === node && absence.to === Infinity)) continue
      absences.push({ node, from: at, to: Infinity })
    }
  }

  /** Whoever has taken over begins with what those have that it sees. */
  claims(key: string, process: ShardingProcess, at: number): void {
    const claims = this.#claims.get(key) ?? []
    claims.push({ process, at })
    this.#claims.set(key, claims)
  }

  /** Who wrote last. */
  lastWriter(key: string): ShardingProcess | undefined {
    return this.#claims.get(key)?.at(-1)?.process
  }

  /** Whether so many nodes were lost within that time that what was confirmed before need not be there any more. */
  mayLose(key: string, minAcks: number, from: number, to: number): boolean {
    return this.#lostBetween(key, from, to) > minAcks
  }

  #lostBetween(key: string, from: number, to: number): number {
    const isWithin = ({ at }: { readonly at: number }): boolean => at >= from && at <= to
    const lost = new Set(this.#ends.filter(isWithin).map(({ node }) => node))
    for (const { process } of (this.#claims.get(key) ?? []).filter(isWithin)) {
      for (const absence of this.#absences.get(process) ?? []) {
        if (absence.from <= to && absence.to >= from) lost.add(absence.node)
      }
    }
    return lost.size
  }
}

function keyOf({ program }: ShardingProcess): string | undefined {
  return program?.cluster.self.key
}
