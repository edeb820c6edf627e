// What copies in memory must outlive: one node at a time, of three or more.
import type { ClusterState } from '@casty/membership'
import type { StructuresProcess, StructuresRun } from './structures-run.ts'

/** Until copies are as many as before it may take so long, in milliseconds: all that is lost within counts as lost at once. */
const atOnceMs = 20_000

export class Losses {
  readonly #run: StructuresRun
  readonly #lost: { readonly host: string; readonly at: number }[] = []
  #areTooMany = false

  constructor(run: StructuresRun) {
    this.#run = run
  }

  get areTooMany(): boolean {
    return this.#areTooMany
  }

  ended(process: StructuresProcess): void {
    this.#loses(process.host)
  }

  /** Some see others come and go. */
  seen(state: ClusterState, before: ClusterState | undefined): void {
    for (const { key, node } of state.members) {
      const isNew = state.unreachable.has(key) && before?.unreachable.has(key) !== true
      if (isNew) this.#loses(node.address.host)
    }
    if (state.members.filter(({ status }) => status === 'up').length < 2) this.#loses('alone')
  }

  #loses(host: string): void {
    const { now } = this.#run.world
    this.#lost.push({ host, at: now })
    const recent = this.#lost.filter(({ at }) => now - at < atOnceMs)
    if (new Set(recent.map((one) => one.host)).size > 1) this.#areTooMany = true
  }
}
