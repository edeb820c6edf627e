import { completionOf, type History, type Operation } from './operation.ts'

/**
 * The operations of one search, numbered: those that completed first, by invocation, then those that
 * never did. Those of the first kind that are not placed yet stand in a doubly linked list of calls
 * and returns in real-time order, so that whoever may come next stands before its first return.
 *
 * @see Wing & Gong, "Testing and verifying concurrent objects", JPDC 1993 (the list of events)
 */
export class OpenCalls<Input, Output> {
  readonly operations: History<Input, Output>
  /** How many completed: operations from this number on have an unknown outcome. */
  readonly completed: number
  readonly #isPlaced: Uint8Array
  // Node 2i is the call of operation i, node 2i + 1 its return; the head is the last node.
  readonly #next: Int32Array
  readonly #previous: Int32Array
  readonly #head: number

  constructor(history: History<Input, Output>) {
    const byInvocation = history.toSorted((a, b) => a.invokedAt - b.invokedAt)
    const completed = byInvocation.filter((operation) => operation.outcome.type === 'ok')
    const unknown = byInvocation.filter((operation) => operation.outcome.type === 'unknown')
    this.operations = [...completed, ...unknown]
    this.completed = completed.length
    this.#isPlaced = new Uint8Array(this.operations.length)
    this.#head = 2 * completed.length
    this.#next = new Int32Array(this.#head + 1)
    this.#previous = new Int32Array(this.#head + 1)
    let last = this.#head
    for (const node of inRealTime(completed)) {
      this.#link(last, node)
      last = node
    }
    this.#link(last, this.#head)
  }

  /**
   * The next operation, after the given one, that may be placed now: nobody else that is open
   * completed before it was invoked. Those with unknown outcomes come last, so that they are placed
   * only when nothing else helps. There must be a completed one that is open.
   *
   * @param after - the operation tried last, -1 to begin
   * @returns undefined when all were tried
   */
  candidate(after: number): number | undefined {
    if (after < this.completed) {
      const node = this.#after(after === -1 ? this.#head : 2 * after)
      if (node % 2 === 0) return node / 2 // A call: never the head, whose number is behind a return.
    }
    return this.#unknownCandidate(Math.max(after + 1, this.completed))
  }

  place(number: number): void {
    this.#isPlaced[number] = 1
    if (number >= this.completed) return
    for (const node of [2 * number, 2 * number + 1]) {
      this.#link(this.#before(node), this.#after(node))
    }
  }

  /** Undoes `place`. What was placed since must have been undone before. */
  unplace(number: number): void {
    this.#isPlaced[number] = 0
    if (number >= this.completed) return
    for (const node of [2 * number + 1, 2 * number]) {
      this.#next[this.#before(node)] = node
      this.#previous[this.#after(node)] = node
    }
  }

  isPlaced(number: number): boolean {
    return this.#isPlaced[number] === 1
  }

  /** The lowest number of a completed operation that is open. There must be one. */
  lowest(): number {
    return this.#after(this.#head) / 2
  }

  operation(number: number): Operation<Input, Output> {
    const operation = this.operations[number]
    if (operation === undefined) throw new RangeError(`There is an operation ${number}`)
    return operation
  }

  #unknownCandidate(from: number): number | undefined {
    if (from >= this.operations.length) return undefined
    const deadline = this.#firstReturn()
    for (let number = from; number < this.operations.length; number++) {
      if (this.operation(number).invokedAt > deadline) return undefined
      if (!this.isPlaced(number)) return number
    }
    return undefined
  }

  #firstReturn(): number {
    let node = this.#after(this.#head)
    while (node % 2 === 0) node = this.#after(node)
    return completionOf(this.operation((node - 1) / 2))
  }

  #link(node: number, next: number): void {
    this.#next[node] = next
    this.#previous[next] = node
  }

  #after(node: number): number {
    return this.#next[node] ?? this.#head
  }

  #before(node: number): number {
    return this.#previous[node] ?? this.#head
  }
}

/** Nodes of calls and returns by time; at one moment calls come first, so that they are concurrent. */
function inRealTime(completed: History<unknown, unknown>): readonly number[] {
  const events = completed.flatMap((operation, index) => [
    { node: 2 * index, at: operation.invokedAt, isReturn: 0 },
    { node: 2 * index + 1, at: completionOf(operation), isReturn: 1 },
  ])
  events.sort((a, b) => a.at - b.at || a.isReturn - b.isReturn || a.node - b.node)
  return events.map(({ node }) => node)
}
