import type { ActorSystem } from '@casty/actor'
import type { PersistenceWarning } from './options.ts'

const texts: Readonly<Record<PersistenceWarning['type'], string>> = {
  'snapshot-failed': 'A snapshot was not saved; the next one is tried when it is due',
  'snapshot-unusable': 'A snapshot cannot be used; the one before it is, or all events are read',
  'deletion-failed':
    'What a snapshot makes superfluous was not deleted; it is when the next is saved',
}

/** Tells of what disturbs nobody; nor does whoever is told. */
export function warn(
  settings: { readonly onWarning?: ((warning: PersistenceWarning) => void) | undefined },
  system: ActorSystem,
  warning: PersistenceWarning,
): void {
  try {
    if (settings.onWarning) settings.onWarning(warning)
    else system.logger?.warn(warning, texts[warning.type])
  } catch {
    // As is said where it is given: an actor does not end for a failure to write a log.
  }
}
