import { readFileSync } from 'node:fs'
import fc from 'fast-check'

// A failing property prints its seed; rerun it alone with CASTY_SEED=1234. CASTY_RUNS=100000 looks further.
fc.configureGlobal({
  seed: Number(process.env['CASTY_SEED'] ?? 1),
  numRuns: Number(process.env['CASTY_RUNS'] ?? 100),
})

const folder = new URL('../../../tooling/conformance/vectors/', import.meta.url)

/** The cases of one section of a vector file, each with its id in front as `test.each` wants it. */
export function vectors<T extends { readonly id: string }>(
  file: string,
  section: string,
): readonly (readonly [id: string, vector: T])[] {
  // The files are ours and their schema is written down beside them.
  const sections = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Record<string, T[]>
  return (sections[section] ?? []).map((vector) => [vector.id, vector] as const)
}
