// Named here, because the package is compiled without the types of any runtime.
declare function queueMicrotask(callback: () => void): void
declare const process: { readonly nextTick?: (callback: () => void) => void } | undefined

/**
 * Calls back when all that is ready to run has run: what was asked for meanwhile goes together. In Node, ticks come after
 * promises, and before input and output; elsewhere it is a few promises later.
 */
export function atEndOfTurn(callback: () => void): void {
  if (typeof process === 'object' && process.nextTick) process.nextTick(callback)
  else queueMicrotask(() => queueMicrotask(callback))
}

/** One tick for all that wait for the end of the same turn, in the order in which they asked. */
export class EndOfTurn {
  #waiting: (() => void)[] = []

  add(callback: () => void): void {
    if (this.#waiting.push(callback) === 1) atEndOfTurn(() => this.#run())
  }

  #run(): void {
    const waiting = this.#waiting
    this.#waiting = [] // What is asked for by one of them comes behind all of these.
    for (const callback of waiting) callback()
  }
}
