// What members refuse a client, and what it has to be told of that: whoever heard that a change is unconfirmed takes it to be
// on its way, unless it is told that it was undone.
import type { Knowledge } from './knowledge.ts'
import type { SharedValue } from './shared-values.ts'

interface Unconfirmed {
  readonly value: SharedValue
  readonly element: string
}

export class Refusals {
  readonly #untilMs = new Map<string, number>()
  readonly #unconfirmed = new Set<Unconfirmed>()

  /** Members let no client change that value until then. */
  refuse({ name }: SharedValue, untilMs: number): void {
    this.#untilMs.set(name, Math.max(untilMs, this.#untilMs.get(name) ?? 0))
  }

  mayWrite(name: string, nowMs: number): boolean {
    return nowMs >= (this.#untilMs.get(name) ?? 0)
  }

  /** A client put it in, and was told that nobody knows what came of it. */
  unconfirmed(value: SharedValue, element: string): void {
    this.#unconfirmed.add({ value, element })
  }

  /** The client was told that what it changed of these values is undone. */
  undone(names: readonly string[], knowledge: Knowledge): void {
    for (const change of this.#unconfirmed) {
      if (!names.includes(change.value.name)) continue
      this.#unconfirmed.delete(change)
      knowledge.removes(change.value, change.element)
    }
  }

  /** What is nowhere in the end, though nobody told the client that it was undone. */
  untold(knowledge: Knowledge): readonly string[] {
    return [...this.#unconfirmed]
      .filter(
        ({ value, element }) =>
          !knowledge.mayBeGone(value, element) && !knowledge.cameToNodes(value, element),
      )
      .map(({ value, element }) => `${element} of ${value.name}`)
  }
}
