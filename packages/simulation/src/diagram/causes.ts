// What led to a violation, as far as the descriptions of states tell: each new word of a description
// came with a message of somebody who had it already, or was found out where it is new.
import type { Change, Changes } from './changes.ts'

export interface Causes {
  /** Changes, by their place in the trace. */
  readonly changes: ReadonlySet<number>
  /** Arrivals, by their place in the trace. */
  readonly arrivals: ReadonlySet<number>
}

/** Who sent what arrives at a place in the trace, and where in it. */
export type SentAt = (
  arrival: number,
) => { readonly from: string; readonly index: number } | undefined

/** A word that a host had right before an event. */
interface Clue {
  readonly host: string
  readonly index: number
  readonly word: string
}

/** Follows what the host of an event had found out last back to those who found it out first. */
export function causesOf(changes: Changes, host: string, index: number, sentAt: SentAt): Causes {
  const found = { changes: new Set<number>(), arrivals: new Set<number>() }
  const last = lastChange(changes, host, index, ({ parts }) => parts.length > 0)
  if (last === undefined) return found
  found.changes.add(last.index)
  const clues: Clue[] = last.added.map((word) => ({ host, index, word }))
  const seen = new Set<string>()
  for (const clue of clues) {
    const source = lastChange(changes, clue.host, clue.index, ({ added }) =>
      added.includes(clue.word),
    )
    if (source === undefined || seen.has(`${source.index} ${clue.word}`)) continue
    seen.add(`${source.index} ${clue.word}`)
    found.changes.add(source.index)
    for (const word of reasonsFor(clue.word, source)) {
      clues.push({ host: source.host, index: source.index + 1, word })
    }
    for (const arrival of source.arrivals) {
      const sent = sentAt(arrival)
      if (sent === undefined) continue
      if (changes.before(sent.from, sent.index)?.words.includes(clue.word) !== true) continue
      found.arrivals.add(arrival)
      clues.push({ host: sent.from, index: sent.index, word: clue.word })
    }
  }
  return found
}

/** A member is unreachable, `c:up!`, because of those who find it so: `a✗c`. */
function reasonsFor(word: string, { words }: Change): readonly string[] {
  const [, name] = /^([^#:]+)(?:#[^:]*)?:.*!$/.exec(word) ?? []
  return name === undefined ? [] : words.filter((other) => other.endsWith(`✗${name}`))
}

function lastChange(
  changes: Changes,
  host: string,
  index: number,
  fits: (change: Change) => boolean,
): Change | undefined {
  let change = changes.before(host, index)
  while (change !== undefined && !fits(change)) change = changes.before(host, change.index)
  return change
}
