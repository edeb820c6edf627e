// Actors that may act only while something holds: a lease, above all. Whether it does is asked when a message
// is handled, not when it came: a process that stood still finds out before it does anything.
import type { Cell } from './cell.ts'

/** Says whether actors may act now. */
export interface Gate {
  /** Asked before each message, timer and signal, and before an actor is set up. */
  isOpen(): boolean
  /** Has `opened` called whenever it opens, until the result is disposed of. */
  subscribe(opened: () => void): Disposable
}

/** Keeps who found a gate closed, until it opens. */
export class GateKeeper {
  readonly #gate: Gate
  /** The gate of whoever spawned them, which must be open as well. */
  readonly #outer: GateKeeper | undefined
  readonly #report: (error: unknown) => void
  readonly #parked = new Set<Cell>()
  #subscription: Disposable | undefined

  constructor(gate: Gate, outer: GateKeeper | undefined, report: (error: unknown) => void) {
    this.#gate = gate
    this.#outer = outer
    this.#report = report
  }

  get isOpen(): boolean {
    return this.#isOpenItself && (this.#outer === undefined || this.#outer.isOpen)
  }

  get #isOpenItself(): boolean {
    try {
      return this.#gate.isOpen()
    } catch (error) {
      this.#report(error)
      return false // Who does not know whether it may act must not.
    }
  }

  /** Wakes it when whatever keeps it may have opened. */
  park(cell: Cell): void {
    if (this.#outer && this.#isOpenItself) {
      this.#outer.park(cell)
      return
    }
    this.#parked.add(cell)
    this.#subscription ??= this.#gate.subscribe(() => this.#opened())
  }

  /** It has stopped. */
  forget(cell: Cell): void {
    this.#outer?.forget(cell)
    if (this.#parked.delete(cell)) this.#rest()
  }

  #opened(): void {
    const woken = [...this.#parked]
    this.#parked.clear()
    for (const cell of woken) cell.wake()
    this.#rest()
  }

  #rest(): void {
    if (this.#parked.size > 0) return
    this.#subscription?.[Symbol.dispose]()
    this.#subscription = undefined
  }
}
