// Events live longer than the program that wrote them: each is kept with its kind and version, and what was
// written by older programs is translated when it is read. What is written already is never changed.
import { describeValue } from '@casty/options'
import { PersistenceError } from '../errors.ts'

/** A value on its way to or from a codec. */
export interface Versioned {
  /** What kind of thing it is. */
  readonly manifest: string
  readonly version: number
  readonly content: unknown
}

/** What is written of events, and what becomes of what was written. */
export interface EventAdapter<Event> {
  toStored(event: Event): Versioned
  /**
   * What a stored event amounts to today: as a rule one event, none where it matters no more, several where
   * it was split. Throws for what it does not know: an event must never be skipped by accident.
   */
  fromStored(stored: Versioned): readonly Event[]
}

/** Translates what was written as one version to what the next one would have written. */
export type Upcast = (content: unknown) => unknown

/** Versions of something that is stored. */
export interface Versions {
  /** That is written today. @defaultValue 1 */
  readonly version?: number
  /** By the version that they translate from: each to the next one. @defaultValue none */
  readonly upcasts?: Readonly<Record<number, Upcast>>
}

/** A kind of events that is written no more. */
export interface FormerEvents<Event> {
  readonly replacedBy: (content: unknown, version: number) => readonly Event[]
}

/**
 * For events that tell their kind by a `type`: all of them, by kind.
 *
 * @example
 * versionedEvents<AccountEvent>({
 *   deposited: { version: 2, upcasts: { 1: (old) => ({ ...old, currency: 'EUR' }) } },
 *   withdrawn: {},
 *   'statement-printed': { replacedBy: () => [] },
 * })
 */
export function versionedEvents<Event extends { readonly type: string }>(
  kinds: Readonly<Record<Event['type'], Versions>> &
    Readonly<Record<string, Versions | FormerEvents<Event>>>,
): EventAdapter<Event> {
  const byManifest = new Map<string, Versions | FormerEvents<Event>>(Object.entries(kinds))
  return {
    toStored(event) {
      const kind = byManifest.get(event.type)
      if (!kind || 'replacedBy' in kind) {
        throw PersistenceError.unserializable('$.type', `${describeValue(event.type)}, no kind`)
      }
      return { manifest: event.type, version: kind.version ?? 1, content: event }
    },
    fromStored({ manifest, version, content }) {
      const kind = byManifest.get(manifest)
      if (!kind) {
        throw PersistenceError.unknownVersion(kindText(manifest), version, 'no such kind')
      }
      if ('replacedBy' in kind) return kind.replacedBy(content, version)
      // The translations promise events of today, as the types of a codec do.
      return [upcast(() => kindText(manifest), kind, version, content) as Event]
    },
  }
}

/** For events of which there is one version, the first: their kind is their `type`, where that is a text. */
export function plainEvents<Event>(): EventAdapter<Event> {
  return {
    toStored: (event) => ({ manifest: manifestOf(event), version: 1, content: event }),
    // What was encoded from an event is decoded to one.
    fromStored: ({ manifest, version, content }) => [
      upcast(() => kindText(manifest), {}, version, content) as Event,
    ],
  }
}

function kindText(manifest: string): string {
  return `an event of kind ${describeValue(manifest)}`
}

function manifestOf(event: unknown): string {
  const hasType = typeof event === 'object' && event !== null && 'type' in event
  return hasType && typeof event.type === 'string' ? event.type : ''
}

/**
 * Brings content to the version of today, one version at a time.
 *
 * @throws PersistenceError `CASTY_PERSISTENCE_UNKNOWN_VERSION`
 */
export function upcast(
  what: () => string,
  { version: today = 1, upcasts = {} }: Versions,
  version: number,
  content: unknown,
): unknown {
  let translated = content
  for (let at = version; at !== today; at++) {
    const translate = at < today ? upcasts[at] : undefined
    if (!translate) {
      const known = Object.keys(upcasts).concat(String(today)).join(', ')
      throw PersistenceError.unknownVersion(what(), version, `versions ${known}`)
    }
    translated = translate(translated)
  }
  return translated
}
