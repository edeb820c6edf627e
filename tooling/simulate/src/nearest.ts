// Names that somebody may have meant.

/** Those that share the most pairs of letters with the one that was given, at most so many. */
export function nearest(given: string, names: readonly string[], most = 3): readonly string[] {
  return names
    .map((name) => ({ name, likeness: likeness(given, name) }))
    .filter((one) => one.likeness > 0)
    .toSorted((left, right) => right.likeness - left.likeness)
    .slice(0, most)
    .map(({ name }) => name)
}

/**
 * Between 0 and 1.
 *
 * @see Dice, "Measures of the amount of ecologic association between species", Ecology 1945
 */
function likeness(left: string, right: string): number {
  const [some, others] = [pairs(left), pairs(right)]
  const shared = [...some].filter((pair) => others.has(pair)).length
  return (2 * shared) / Math.max(1, some.size + others.size)
}

function pairs(text: string): ReadonlySet<string> {
  const letters = text.toLowerCase()
  return new Set(Array.from(letters.slice(1), (letter, index) => letters.charAt(index) + letter))
}
