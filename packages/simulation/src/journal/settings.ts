import type { Parameters } from '../run/action.ts'
import type { JournalRun } from './journal-run.ts'

/** What is drawn for each plan. */
export const journalChoices: Readonly<Record<string, readonly (string | number | boolean)[]>> = {
  ids: [1, 3, 8],
  segmentBytes: [4_096, 4_096, 16_384, 1_048_576],
  syncsWrites: [true, false],
  snapshotEvery: [3, 10, 1_000],
  snapshotsKept: [1, 2],
  deleteEvents: [true, true, false],
}

export interface JournalSettings {
  readonly ids: number
  readonly segmentBytes: number
  readonly syncsWrites: boolean
  readonly snapshotEvery: number
  readonly snapshotsKept: number
  readonly deleteEvents: boolean
}

export function journalSettings({ plan }: JournalRun): JournalSettings {
  const { settings } = plan
  return {
    ids: numberIn(settings, 'ids', 3),
    segmentBytes: numberIn(settings, 'segmentBytes', 16_384),
    syncsWrites: settings['syncsWrites'] === true,
    snapshotEvery: numberIn(settings, 'snapshotEvery', 10),
    snapshotsKept: numberIn(settings, 'snapshotsKept', 2),
    deleteEvents: settings['deleteEvents'] === true,
  }
}

/** The ids of a host. */
export function idsOf(run: JournalRun): readonly string[] {
  return Array.from({ length: journalSettings(run).ids }, (_, index) => `id-${index + 1}`)
}

function numberIn(settings: Parameters, name: string, otherwise: number): number {
  const value = settings[name]
  return typeof value === 'number' ? value : otherwise
}
