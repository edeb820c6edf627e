import type { PersistenceWarning } from './options.ts'

/** Tells of what disturbs nobody; nor does whoever is told. */
export function warn(
  settings: { readonly onWarning?: ((warning: PersistenceWarning) => void) | undefined },
  warning: PersistenceWarning,
): void {
  try {
    settings.onWarning?.(warning)
  } catch {
    // As is said where it is given: an actor does not end for a failure to write a log.
  }
}
