import { availableParallelism, cpus, totalmem } from 'node:os'
import type { Table } from './scenario.ts'
import { medianRatio, percentile } from './statistics.ts'

export interface ScenarioResult {
  readonly name: string
  /** How often each figure was measured. */
  readonly repetitions: number
  readonly table: Table
}

/** Everything that was measured, and on what: enough to compare two runs later. */
export function jsonReport(results: readonly ScenarioResult[]): string {
  const scenarios = results.map(({ name, repetitions, table }) => ({
    name,
    repetitions,
    title: table.title,
    notes: table.notes ?? [],
    rows: table.rows.map((row) => ({
      ...row,
      value: percentile(row.samples, row.percentile ?? 50),
      ...(row.reference && { ratio: medianRatio(row.samples, row.reference.samples) }),
    })),
  }))
  return JSON.stringify({ format: 2, machine: machine(), scenarios }, undefined, 2)
}

export function machine(): Readonly<Record<string, string | number>> {
  return {
    node: process.version,
    platform: process.platform,
    architecture: process.arch,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    at: new Date().toISOString(),
  }
}
