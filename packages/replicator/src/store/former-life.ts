import { systemClock } from '@casty/clock'
import { KnownTypes } from '../any-value.ts'
import { checkedSettings, type KeepingOptions, type ReplicatorOptions } from '../options.ts'
import { decodeEnvelope } from '../wire/fields.ts'
import type { KeyState } from '../wire/messages.ts'

/** What a former life of a node kept. */
export interface FormerLife {
  readonly states: readonly KeyState[]
  /** How many values are left out, as they were kept for too long. */
  readonly staleValues: number
}

/** Rejects with `CASTY_REPLICATOR_INVALID_OPTION`, and with what the store rejects with. */
export async function formerLife(options: ReplicatorOptions & KeepingOptions): Promise<FormerLife> {
  const { store, clock = systemClock, types = [] } = options
  const settings = checkedSettings(options)
  const kept = await store.load()
  const limits = { knownTypes: new KnownTypes(types), maxValueBytes: settings.maxValueBytes }
  const isStale = kept !== undefined && kept.savedAtMs + settings.pruningMarkerMs < clock.wallNow()
  const values = [...(kept?.values ?? [])].flatMap(({ key, bytes }) =>
    bytes === undefined ? [] : [{ key, bytes }],
  )
  if (isStale) return { staleValues: values.length, states: [] }
  const states = values.map(({ key, bytes }) => ({ key, envelope: decodeEnvelope(bytes, limits) }))
  return { staleValues: 0, states }
}
