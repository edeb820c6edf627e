import type { Model } from './model.ts'
import { byKey, type History, type Operation } from './operation.ts'

/** Operations that are searched together, since some object or part of one connects them. */
export interface HistoryPartition<Input, Output> {
  readonly key: string
  /** The parts of the object that they touch, sorted; empty where it is searched as a whole. */
  readonly parts: readonly string[]
  readonly operations: History<Input, Output>
}

/**
 * Splits a history where no operation spans the cut. It is linearizable if and only if each part is.
 *
 * @see Herlihy & Wing, "Linearizability", TOPLAS 1990, theorem 1 (locality)
 */
export function partitions<State, Input, Output>(
  history: History<Input, Output>,
  model: Model<State, Input, Output>,
): readonly HistoryPartition<Input, Output>[] {
  return [...byKey(history)].flatMap(([key, operations]) => {
    const touched: (readonly string[])[] = []
    for (const operation of operations) {
      const parts = model.partition?.(operation.input) ?? 'whole'
      if (parts === 'whole') return [{ key, parts: [], operations }]
      touched.push(parts)
    }
    return connected(key, operations, touched)
  })
}

function connected<Input, Output>(
  key: string,
  operations: History<Input, Output>,
  touched: readonly (readonly string[])[],
): readonly HistoryPartition<Input, Output>[] {
  const parts = new PartSets()
  for (const names of touched) parts.join(names)
  const groups = new Map<string, { names: Set<string>; operations: Operation<Input, Output>[] }>()
  for (const [index, operation] of operations.entries()) {
    const names = touched[index] ?? []
    const root = parts.rootOf(names[0] ?? '') // Without a part: it touches nothing others do.
    const group = groups.get(root) ?? { names: new Set(), operations: [] }
    groups.set(root, group)
    for (const name of names) group.names.add(name)
    group.operations.push(operation)
  }
  return [...groups.values()].map((group) => ({
    key,
    parts: [...group.names].toSorted(),
    operations: group.operations,
  }))
}

/** Disjoint sets of names, joined one operation after the other. */
class PartSets {
  readonly #parents = new Map<string, string>()

  rootOf(name: string): string {
    let root = name
    for (let parent = this.#parents.get(root); parent !== undefined;) {
      root = parent
      parent = this.#parents.get(root)
    }
    if (root !== name) this.#parents.set(name, root) // Shortens the way of the next one.
    return root
  }

  join(names: readonly string[]): void {
    for (const name of names.slice(1)) {
      const root = this.rootOf(names[0] ?? name)
      const other = this.rootOf(name)
      if (root !== other) this.#parents.set(other, root)
    }
  }
}
