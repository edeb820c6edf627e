/**
 * Which of the names a user may have meant: the ones that look most alike, the nearest first, at most
 * three; all of them, in their order, where none does.
 */
export function nearestNames(given: string, known: readonly string[]): readonly string[] {
  const mostEdits = Math.max(2, Math.floor(given.length / 3))
  const near = known
    .map((name) => ({ name, edits: editsBetween(given.toLowerCase(), name.toLowerCase()) }))
    .filter(({ edits }) => edits <= mostEdits)
    .toSorted((left, right) => left.edits - right.edits)
  return near.length === 0 ? known : near.slice(0, 3).map(({ name }) => name)
}

/** Levenshtein's distance: letters put in, left out or replaced; of the first 100 letters. */
function editsBetween(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (const [index, letter] of Array.from(left.slice(0, 100)).entries()) {
    const next = [index + 1]
    for (const [column, other] of Array.from(right).entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
