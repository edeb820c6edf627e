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
  const edits = new Map(
    editsOf(bug).map((edit) => [pathToFileURL(join(root, edit.file)).href, edit]),
  )
  const missing = new Set(edits.keys())
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const edit = edits.get(url)
      if (edit === undefined) return loaded
      const source =
        typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
      missing.delete(url)
      return { ...loaded, source: withBug(edit, source) }
    },
  })
  return () => missing.size === 0
}
