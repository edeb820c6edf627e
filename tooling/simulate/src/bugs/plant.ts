import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { editsOf, withBug, type SeededBug } from './bug.ts'

/** The folder of the repository, absolute. */
export const root: string = fileURLToPath(new URL('../../../..', import.meta.url))

/**
 * From now on, the modules of a bug are loaded with the bug in them; the files stay as they are. For a
 * thread of its own that has not loaded them yet.
 *
 * @returns whether all of them have been loaded
 */
export function plant(bug: SeededBug): () => boolean {
  const edits = new Map<string, ReturnType<typeof editsOf>>()
  for (const edit of editsOf(bug)) {
    const { href } = pathToFileURL(join(root, edit.file))
    edits.set(href, [...(edits.get(href) ?? []), edit])
  }
  const missing = new Set(edits.keys())
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const ofThis = edits.get(url)
      if (ofThis === undefined) return loaded
      const source =
        typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
      missing.delete(url)
      const withAll = ofThis.reduce((text, edit) => withBug(edit, text), source)
      return { ...loaded, source: withAll }
    },
  })
  return () => missing.size === 0
}
