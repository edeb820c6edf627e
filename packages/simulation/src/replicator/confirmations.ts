// What reads must see: where a write and a read that began after its end together took more nodes than there are, one of
// them had the write when it was asked.

/** Who held values while a call went on; undefined where that changed meanwhile. */
export type Nodes = readonly string[] | undefined

interface Confirmed {
  readonly element: string
  readonly nodes: readonly string[]
  readonly count: number
}

export class Confirmations {
  readonly #writes = new Map<string, Confirmed[]>()

  /** @param count - how many nodes have it */
  wrote(value: string, element: string, nodes: Nodes, count: number): void {
    if (nodes === undefined || count < 2) return
    const known = this.#writes.get(value) ?? []
    known.push({ element, nodes, count })
    this.#writes.set(value, known)
  }

  /** How many writes are known by now: a read that begins now must see those. */
  mark(value: string): number {
    return this.#writes.get(value)?.length ?? 0
  }

  /** @returns the elements that a read of so many of these nodes, begun at `mark`, must have seen */
  seenBy(value: string, mark: number, nodes: Nodes, count: number): readonly string[] {
    if (nodes === undefined) return []
    return (this.#writes.get(value) ?? [])
      .slice(0, mark)
      .filter((write) => isSame(write.nodes, nodes) && write.count + count > nodes.length)
      .map(({ element }) => element)
  }
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((node, index) => node === right[index])
}
