/** The codes in a source's `…ErrorCode` types, in the order in which they stand. */
export function sourceErrorCodes(source: string): readonly string[] {
  const types = source.matchAll(
    /^export type \w*ErrorCode =([\s\S]*?)(?=\n\n|\n\/\*\*|\nexport|$(?![\s\S]))/gm,
  )
  return [...types].flatMap(([, codes = '']) =>
    [...codes.matchAll(/'(CASTY_[A-Z0-9_]+)'/g)].flatMap((match) => match[1] ?? []),
  )
}

/** Codes of what a package defines for others to implement begin with the name of that. */
const furtherPrefixes: Readonly<Record<string, readonly string[]>> = {
  '@casty/persistence': ['CASTY_JOURNAL_'],
}

/**
 * The codes of a package that stand in the tables of its README, sorted. Codes begin with the name of
 * their package (`CASTY_TRANSPORT_TCP_…`), so those of others that are mentioned do not count.
 */
export function documentedErrorCodes(packageName: string, readme: string): readonly string[] {
  const own = `${packageName.replace('@', '').toUpperCase().replace(/[/-]/g, '_')}_`
  const prefixes = [own, ...(furtherPrefixes[packageName] ?? [])]
  const rows = readme.matchAll(/^\|.*$/gm)
  const codes = [...rows].flatMap(([row]) => row.match(/CASTY_[A-Z0-9_]+/g) ?? [])
  return [
    ...new Set(codes.filter((code) => prefixes.some((prefix) => code.startsWith(prefix)))),
  ].toSorted()
}
