// Documents move and are renumbered: what they link to in this repository has to be there.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const documents = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'],
  {
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((path) => path !== '' && existsSync(path))

/** Without what stands in blocks of code. */
function proseOf(path: string): string {
  return readFileSync(path, 'utf8').replaceAll(/^```.*?^```/gms, '')
}

/** Headings as links name them. */
function anchorsOf(path: string): ReadonlySet<string> {
  const headings = [...proseOf(path).matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => text)
  return new Set(
    headings.map((text) =>
      text
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  )
}

/** What leads nowhere. */
function brokenLinksIn(path: string): readonly string[] {
  const links = [...proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false // Outside: nobody here knows.
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? path : join(dirname(path), file)
    if (!existsSync(target)) return true
    if (anchor === undefined) return false
    return !anchorsOf(statSync(target).isDirectory() ? join(target, 'README.md') : target).has(
      anchor,
    )
  })
}

test('links between documents lead somewhere', () => {
  expect(documents).toContain('README.md')
  const broken = documents.flatMap((path) => brokenLinksIn(path).map((link) => `${path}: ${link}`))
  expect(broken).toEqual([])
})

test('records of decisions are numbered without gaps', () => {
  const numbers = documents.flatMap((path) => /^docs\/adr\/(\d{4})-/.exec(path)?.[1] ?? [])
  expect(numbers.map(Number)).toEqual(numbers.map((_, index) => index + 1))
})
