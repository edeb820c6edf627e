/** A piece of documentation that claims to be a program. */
export interface Example {
  /** Where it stands, as `file:line` of its first line. */
  readonly origin: string
  readonly code: string
  /** False for a block that is type-checked only. */
  readonly runs: boolean
}

/**
 * The `ts` blocks of a Markdown text, each a module of its own. A fence that reads `ts no-run` marks
 * a block that is not to be run, such as one that serves until it is stopped.
 */
export function readmeExamples(file: string, markdown: string): readonly Example[] {
  const blocks = markdown.matchAll(/^```(?:ts|typescript)\b([^\n]*)\n([\s\S]*?)^```$/gm)
  return [...blocks].map((match) => ({
    origin: `${file}:${lineAt(markdown, match.index) + 1}`,
    code: match[2] ?? '',
    runs: !/\bno-run\b/.test(match[1] ?? ''),
  }))
}

export interface DocumentedSource {
  /** As it is to appear in a failure. */
  readonly file: string
  readonly text: string
  /** What can be imported for an example: the names of values, by the entry point that exports them. */
  readonly importable: ReadonlyMap<string, readonly string[]>
}

/**
 * The `@example` sections of a source's doc comments that claim a value: each line of the form
 * `expression // => value` becomes an assertion, and what the section uses of the package and of those
 * it depends on is imported for it. A section that claims nothing is a sketch, and left alone: it may
 * name things that only its reader has.
 */
export function docExamples(source: DocumentedSource): readonly Example[] {
  const sections = source.text.matchAll(
    /^[ \t]*(?:\/\*\*|\*) ?@example\b([\s\S]*?)(?=^[ \t]*\*\s*@|\*\/)/gm,
  )
  return [...sections].flatMap((match) => {
    const body = (match[1] ?? '')
      .replace(/^[ \t]*\* ?/gm, '')
      .replace(/^```\w*$/gm, '')
      .trim()
    if (!body.includes('// =>')) return []
    return {
      origin: `${source.file}:${lineAt(source.text, match.index)}`,
      code: `${importsFor(body, source)}${body.split('\n').map(assertion).join('\n')}\n`,
      runs: true,
    }
  })
}

function importsFor(body: string, { importable }: DocumentedSource): string {
  const lines = ["import { expectValue } from '../expect-value.ts'"]
  const taken = new Set<string>()
  for (const [entryPoint, names] of importable) {
    const used = names.filter((name) => !taken.has(name) && new RegExp(`\\b${name}\\b`).test(body))
    if (used.length > 0) lines.push(`import { ${used.join(', ')} } from '${entryPoint}'`)
    for (const name of used) taken.add(name)
  }
  return lines.map((line) => `${line}\n`).join('')
}

/** Turns `expression // => value` into a call that fails unless the two are the same. */
function assertion(line: string): string {
  const match = /^(.*\S)\s*\/\/ => (.*\S)\s*$/.exec(line)
  if (!match) return line
  const [, expression = '', expected = ''] = match
  return `expectValue(${expression}, ${JSON.stringify(expected)})`
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}
