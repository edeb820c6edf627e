import type { ActorRef } from './actor-ref.ts'
import type { Cell } from './cell.ts'
import { carriedTo, Traced } from './instrument.ts'

/** Node prints what this returns: of an object whose fields are private it would tell nothing. */
const inspect = Symbol.for('nodejs.util.inspect.custom')

let cellOf: (ref: LocalRef<never>) => Cell

/** A ref to an actor of this process. Users see an {@link ActorRef}. */
export class LocalRef<in M> implements ActorRef<M> {
  readonly #cell: Cell

  static {
    cellOf = (ref) => ref.#cell
    // Not in the body: the declarations of a class cannot have a name that is computed.
    Object.defineProperty(this.prototype, inspect, {
      value(this: LocalRef<never>): string {
        return `ActorRef(${this.path})`
      },
    })
  }

  constructor(cell: Cell) {
    this.#cell = cell
  }

  get path(): string {
    return this.#cell.path
  }

  tell(message: M): void {
    this.#cell.enqueue(message)
  }

  toString(): string {
    return this.path
  }
}

/** The same, where an instrument looks at what is sent. */
export class InstrumentedRef<in M> extends LocalRef<M> {
  override tell(message: M): void {
    const cell = cellOf(this)
    cell.enqueue(new Traced(message, carriedTo(cell, message)))
  }
}

/** The actor behind a ref, where it is one of this process. */
export function localCell(ref: ActorRef<never>): Cell | undefined {
  return ref instanceof LocalRef ? cellOf(ref) : undefined
}
