// What the numbers of classes mean in one life of a node. Other nodes name its classes by number for as long as it lives, so a
// layer that comes after another one, with other classes, gives none of these a number that stood for another class before.

/** Of one life of a node. It never means anything else by a number: there are 65,536 of them, so these are as many names at most. */
export class ClassMeanings {
  readonly #names = new Map<number, string>()

  /** @returns whether that number means that class: from now on it does, where it has meant none */
  take(number: number, name: string): boolean {
    const known = this.#names.get(number)
    if (known === undefined) this.#names.set(number, name)
    return known === undefined || known === name
  }

  has(number: number, name: string): boolean {
    return this.#names.get(number) === name
  }
}

const byLife = new WeakMap<object, ClassMeanings>()

/** @param endpoint - of that life: there is one layer on it at a time */
export function classMeaningsOf(endpoint: object): ClassMeanings {
  const known = byLife.get(endpoint) ?? new ClassMeanings()
  byLife.set(endpoint, known)
  return known
}
