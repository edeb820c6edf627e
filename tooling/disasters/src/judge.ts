// What clients saw against what the journal holds.
import { jsonCodec, type EventJournal } from '@casty/persistence'
import {
  checkVersionedRegister,
  type History,
  type Operation,
  type VersionedInput,
  type VersionedOutput,
} from '@casty/simulation/linearizability'
import type { Written } from './register.ts'

export interface Verdict {
  /** Writes that were answered. */
  readonly acknowledged: number
  /** What nobody answered. */
  readonly unknown: number
  /** Of the history alone: it is no history of registers. */
  readonly contradictions: readonly string[]
  /** Writes that were answered, and are not in the journal as the version that they were told. */
  readonly lost: readonly string[]
  /** Writes that are in the journal more than once. */
  readonly doubled: readonly string[]
  /** Versions that an owner wrote after one with a higher epoch had. */
  readonly stale: readonly string[]
}

/** @param prefix - of the ids in the journal, before the keys */
export async function judge(
  history: History<VersionedInput, VersionedOutput>,
  journal: EventJournal,
  prefix: string,
): Promise<Verdict> {
  const acknowledged = history.filter(isAcknowledgedWrite)
  const lost: string[] = []
  const doubled: string[] = []
  const stale: string[] = []
  for (const key of new Set(acknowledged.map((operation) => operation.key))) {
    const writes = acknowledged.filter((operation) => operation.key === key)
    const values = new Map<string, number>()
    const versions = new Map<number, string>()
    let epoch = 0
    for await (const event of journal.events(`${prefix}/${key}`)) {
      // Nobody but registers writes there.
      const { value } = jsonCodec.decode(event.bytes) as Written
      if (values.has(value)) doubled.push(`${key}: ${value}`)
      if (event.epoch < epoch) stale.push(`${key}: version ${event.sequenceNr}`)
      values.set(value, event.sequenceNr)
      versions.set(event.sequenceNr, value)
      epoch = event.epoch
    }
    for (const { input, outcome } of writes) {
      const version = outcome.type === 'ok' ? Number(outcome.output) : 0
      const value = input.type === 'write' ? input.value : undefined
      if (versions.get(version) !== value) lost.push(`${key}: ${value} as version ${version}`)
    }
  }
  return {
    acknowledged: acknowledged.length,
    unknown: history.filter(({ outcome }) => outcome.type === 'unknown').length,
    contradictions: checkVersionedRegister(history).map(
      ({ rule, message }) => `${rule}: ${message}`,
    ),
    lost,
    doubled,
    stale,
  }
}

function isAcknowledgedWrite({
  input,
  outcome,
}: Operation<VersionedInput, VersionedOutput>): boolean {
  return input.type === 'write' && outcome.type === 'ok'
}
