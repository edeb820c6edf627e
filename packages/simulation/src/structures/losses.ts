// What copies in memory must outlive: one node at a time, of three or more.
import type { ClusterState, NodeKey } from '@casty/membership'
import type { StructuresProcess, StructuresRun } from './structures-run.ts'

/** Until copies are as many as before it may take so long, in milliseconds: all that is lost within counts as lost at once. */
const atOnceMs = 20_000

/** Stands among the hosts that are lost for the copies that there are none of, where a node is alone. */
const alone = 'alone'

export class Losses {
  readonly #run: Pick<StructuresRun, 'world' | 'plan'>
  readonly #usedFrom: number
  readonly #lost: { readonly host: string; readonly at: number }[] = []
  readonly #alone = new Set<StructuresProcess>()
  #areTooMany = false

  constructor(run: Pick<StructuresRun, 'world' | 'plan'>) {
    this.#run = run
    const uses = run.plan.actions.filter(({ type }) => type !== 'start')
    this.#usedFrom = Math.min(...uses.map(({ at }) => at))
  }

  get areTooMany(): boolean {
    return this.#areTooMany
  }

  ended(process: StructuresProcess): void {
    this.#loses(process.host)
    this.#alone.delete(process)
  }

  /** Some see others come and go. */
  seen(process: StructuresProcess, state: ClusterState, before: ClusterState | undefined): void {
    for (const { key, node } of state.members) {
      const isNew = state.unreachable.has(key) && before?.unreachable.has(key) !== true
      if (isNew) this.#loses(node.address.host)
    }
    const wasAlone = this.#alone.has(process)
    const isAlone = isAloneIn(state, process.program?.cluster.self.key)
    if (isAlone) this.#alone.add(process)
    else this.#alone.delete(process)
    // What it was told meanwhile has no copies yet when others come. Before anybody uses anything there is nothing to lose.
    if (isAlone !== wasAlone && this.#run.world.now >= this.#usedFrom) this.#loses(alone)
  }

  #loses(host: string): void {
    const { now } = this.#run.world
    this.#lost.push({ host, at: now })
    const recent = this.#lost.filter(({ at }) => now - at < atOnceMs).map((one) => one.host)
    if (this.#alone.size > 0 && now >= this.#usedFrom) recent.push(alone)
    if (new Set(recent).size > 1) this.#areTooMany = true
  }
}

/** Whoever joins is not alone, though it knows of nobody yet: it has nothing. */
function isAloneIn({ members }: ClusterState, self: NodeKey | undefined): boolean {
  const up = members.filter(({ status }) => status === 'up')
  return up.length === 1 && up[0]?.key === self
}
