// How one described state differs from the next. A description is a list of words; a word with a colon
// or a cross is a name and what it has: `b:up`, `a✗bc`. The whole is never shown where the change is.

/** Writes a word of a description as people read it: see `shortNames`. */
export type Shorten = (word: string) => string

export interface StateChange {
  /** What changed, in short: `b joining → up`, `a✗c`; empty when the description is the same. */
  readonly parts: readonly string[]
  /** Words that were not there before. */
  readonly added: readonly string[]
}

const between = /^(.+?)([:✗])(.*)$/u

/** Cuts a description into its words: `a✗bc`, by the names of the hosts, into `a✗b` and `a✗c`. */
export type WordsOf = (description: string) => readonly string[]

export function wordsBy(hosts: readonly string[]): WordsOf {
  const longestFirst = hosts.toSorted((left, right) => right.length - left.length)
  const name = new RegExp(longestFirst.map(literal).join('|'), 'gu')
  return (description) =>
    description.split(/\s+/).flatMap((word) => {
      if (word === '' || word === '|' || word === '-') return []
      const [, observer = '', sign, subjects = ''] = between.exec(word) ?? []
      if (sign !== '✗') return [word]
      const known = subjects.match(name) ?? []
      const isWhole = known.join('') === subjects && known.length > 0
      return isWhole ? known.map((subject) => `${observer}✗${subject}`) : [word]
    })
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
}

export function changeBetween(
  before: readonly string[],
  after: readonly string[],
  shorten: Shorten,
): StateChange {
  const [old, now] = [new Set(before), new Set(after)]
  const added = [...now].filter((word) => !old.has(word))
  const gone = new Map([...old].filter((word) => !now.has(word)).map((word) => [keyOf(word), word]))
  const parts = added.map((word) => {
    const was = gone.get(keyOf(word))
    gone.delete(keyOf(word))
    return partOf(was, word, shorten)
  })
  const left = [...gone.values()]
  const hosts = new Set(left.flatMap((word) => /^([^#:✗]+)[^✗]*$/u.exec(word)?.[1] ?? []))
  return { parts: [...parts, ...left.flatMap((word) => lossOf(word, hosts, shorten))], added }
}

/** Who went away is no longer found unreachable either: that goes without saying. */
function lossOf(word: string, hosts: ReadonlySet<string>, shorten: Shorten): readonly string[] {
  const [, name = word, sign, value = ''] = between.exec(shorten(word)) ?? []
  if (sign !== '✗') return [`− ${name}`]
  return hosts.has(name) || hosts.has(value) ? [] : [`${name}✓${value}`]
}

/** A member has one status; of those found unreachable, each stands for itself. */
function keyOf(word: string): string {
  const [, name = word, sign = ''] = between.exec(word) ?? []
  return sign === ':' ? name : word
}

function partOf(was: string | undefined, word: string, shorten: Shorten): string {
  const [, name = word, sign = '', value = ''] = between.exec(shorten(word)) ?? []
  if (sign === '') return `+ ${shorten(word)}`
  if (was === undefined) return sign === '✗' ? shorten(word) : `+ ${name} ${value}`
  const [, , , old = ''] = between.exec(was) ?? []
  if (value === `${old}!`) return `${name} unreachable`
  if (`${value}!` === old) return `${name} reachable again`
  return `${name} ${old.replace('!', '')} → ${value.replace('!', '')}`
}

/**
 * Leaves out what tells the lives of a host apart, `b` for `b#0465`, where the descriptions name one
 * life of it only.
 */
export function shortNames(words: Iterable<string>): Shorten {
  const lives = new Map<string, Set<string>>()
  for (const word of words) {
    const [, host, life] = /^([^#:]+)#([^:]+):/.exec(word) ?? []
    if (host === undefined || life === undefined) continue
    lives.set(host, (lives.get(host) ?? new Set()).add(life))
  }
  return (word) =>
    word.replace(/^([^#:]+)#[^:]+(?=:)/, (whole, host: string) =>
      lives.get(host)?.size === 1 ? host : whole,
    )
}
