import { malformed } from './malformed-error.ts'

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c

/**
 * Looks at the nesting and the number of values before `JSON.parse` does: it takes seconds over brackets
 * that are nested a million times.
 *
 * @throws RemoteError `CASTY_REMOTE_MALFORMED`
 */
export function scanJson(text: string, maxDepth: number, maxValues: number): void {
  let depth = 0
  let values = 0
  for (let index = 0; index < text.length; index++) {
    const letter = text.charCodeAt(index)
    if (letter === quote) index = endOfString(text, index)
    else if (letter === 0x5b || letter === 0x7b) {
      values++
      if (++depth > maxDepth) throw malformed('it is nested too deeply')
    } else if (letter === 0x5d || letter === 0x7d) depth--
    else if (letter === comma) values++
    if (values > maxValues) throw malformed('it has too many values')
  }
}

/** Where the closing quote is, or the end of it all, which `JSON.parse` complains about. */
function endOfString(text: string, opening: number): number {
  let closing = text.indexOf('"', opening + 1)
  while (closing >= 0 && isEscaped(text, closing)) closing = text.indexOf('"', closing + 1)
  return closing < 0 ? text.length : closing
}

function isEscaped(text: string, at: number): boolean {
  let first = at
  while (text.charCodeAt(first - 1) === backslash) first--
  return (at - first) % 2 === 1
}
