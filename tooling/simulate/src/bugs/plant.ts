import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { withBug, type SeededBug } from './bug.ts'

/** The folder of the repository, absolute. */
export const root: string = fileURLToPath(new URL('../../../..', import.meta.url))

/**
 * From now on, the module of a bug is loaded with the bug in it; the file stays as it is. For a thread
 * of its own that has not loaded it yet.
 *
 * @returns whether the module has been loaded
 */
export function plant(bug: SeededBug): () => boolean {
  const target = pathToFileURL(join(root, bug.file)).href
  let isLoaded = false
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (url !== target) return loaded
      const source =
        typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
      isLoaded = true
      return { ...loaded, source: withBug(bug, source) }
    },
  })
  return () => isLoaded
}
