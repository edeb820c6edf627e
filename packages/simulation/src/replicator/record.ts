// What a run has come to know, outside of all its processes.
import { NodeDisks } from '../hosting/node-disks.ts'
import { Confirmations } from './confirmations.ts'
import { Knowledge } from './knowledge.ts'
import type { Outsider } from './outsider.ts'
import type { ReplicatorRareState } from './rare-states.ts'
import { Refusals } from './refusals.ts'
import type { ReplicatorRun } from './replicator-run.ts'
import type { SharedValue } from './shared-values.ts'

export class ReplicatorRecord {
  readonly disks: NodeDisks = new NodeDisks()
  readonly knowledge: Knowledge
  readonly confirmations: Confirmations = new Confirmations()
  readonly refusals: Refusals = new Refusals()
  /** Who has copies, and is no member. */
  outsider: Outsider | undefined
  readonly #run: ReplicatorRun
  readonly #counts = new Map<string, number>()

  constructor(run: ReplicatorRun) {
    this.#run = run
    this.knowledge = new Knowledge(run, () => this.reach('a change is lost with all who knew it'))
  }

  /** The next element of a value; undefined where there is no room for more. */
  nextElement(value: SharedValue): string | undefined {
    const count = this.#counts.get(value.name) ?? 0
    if (count >= value.room) return undefined
    this.#counts.set(value.name, count + 1)
    return value.nameOf(count)
  }

  reach(state: ReplicatorRareState): void {
    this.#run.reach(state)
  }
}

const records = new WeakMap<ReplicatorRun, ReplicatorRecord>()

/** Each run has its own. */
export function recordOf(run: ReplicatorRun): ReplicatorRecord {
  const known = records.get(run) ?? new ReplicatorRecord(run)
  records.set(run, known)
  return known
}
