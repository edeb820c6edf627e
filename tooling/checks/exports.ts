import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { WorkspacePackage } from './workspace.ts'

/** A name that an entry point exports. */
export interface ExportedName {
  readonly name: string
  readonly isType: boolean
  /** Its name in the file that declares it. */
  readonly localName: string
  /** Absolute path of the file that it is taken from, or the specifier of another package. */
  readonly from: string
}

/** The entry points of a package (`.`, `./compliance`) that are TypeScript sources. */
export function entryPoints({ manifest }: WorkspacePackage): readonly string[] {
  return Object.entries(manifest.exports ?? {})
    .filter(([, conditions]) => conditions['@casty/source'] !== undefined)
    .map(([entryPoint]) => entryPoint)
}

/** The TypeScript source of an entry point. */
export function sourceOf({ folder, manifest }: WorkspacePackage, entryPoint: string): string {
  const source = manifest.exports?.[entryPoint]?.['@casty/source']
  if (typeof source !== 'string') throw new Error(`${folder} has no source for ${entryPoint}.`)
  return join(folder, source)
}

/** What an entry point exports, sorted by name. It reads text: entry points name each export. */
export function entryPointExports(
  workspacePackage: WorkspacePackage,
  entryPoint: string,
): readonly ExportedName[] {
  const path = sourceOf(workspacePackage, entryPoint)
  return exportsOf(path, readFileSync(path, 'utf8'))
}

/** The exports that a module's text declares or passes on, sorted by name. */
export function exportsOf(path: string, text: string): readonly ExportedName[] {
  const code = withoutComments(text)
  return [...passedOn(path, code), ...declared(path, code)].toSorted((left, right) =>
    left.name < right.name ? -1 : 1,
  )
}

function passedOn(path: string, code: string): readonly ExportedName[] {
  const lists = code.matchAll(/^export (type )?\{([^}]*)\}(?: from '([^']+)')?/gm)
  return [...lists].flatMap(([, typeOnly, list = '', specifier]) =>
    list
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean)
      .map((item) => {
        const [localName = '', name = localName] = item.replace(/^type /, '').split(/ as /)
        const isType = typeOnly !== undefined || item.startsWith('type ')
        return { name, localName, isType, from: resolveFrom(path, specifier) }
      }),
  )
}

const declaration =
  /^export (?:declare )?(?:abstract )?(?:async )?(class|function\*?|const|let|type|interface) ([\w$]+)/gm

function declared(path: string, code: string): readonly ExportedName[] {
  return [...code.matchAll(declaration)].map(([, kind, name = '']) => ({
    name,
    localName: name,
    isType: kind === 'type' || kind === 'interface',
    from: path,
  }))
}

function resolveFrom(path: string, specifier: string | undefined): string {
  if (specifier === undefined) return path
  return specifier.startsWith('.') ? join(dirname(path), specifier) : specifier
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}

/**
 * Whether the declaration behind an export is explained: by a doc comment on it or, for a type, by
 * those on its members. Error codes are explained in the README, defaults beside the options. It
 * follows an export from file to file; what comes from another package is documented there.
 */
export function isDocumented({ localName, from }: ExportedName): boolean {
  if (!existsSync(from) || /(?:ErrorCode|Defaults)$/.test(localName)) return true
  const text = readFileSync(from, 'utf8')
  const found = [...text.matchAll(declaration)].find(([, , name]) => name === localName)
  if (found) return hasDocComment(text, found)
  const next = passedOn(from, withoutComments(text)).find(({ name }) => name === localName)
  return next !== undefined && next.from !== from && isDocumented(next)
}

function hasDocComment(text: string, { index, 1: kind }: RegExpExecArray): boolean {
  if (/\*\/\s*$/.test(text.slice(0, index))) return true
  if (kind !== 'interface' && kind !== 'type') return false
  const [body = ''] = text.slice(index).split(/\n(?=export |\/\*\*)|\n\n(?=\S)/, 1)
  return body.includes('/**')
}
