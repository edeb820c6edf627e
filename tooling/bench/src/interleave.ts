/** Something to measure, once per call: a figure, as a rule. */
export type Measure<Sample = number> = () => Promise<Sample> | Sample

/**
 * Measures each subject once per round, every other round in reverse: whatever else the machine
 * does, and whatever warms up, then hits all subjects alike.
 *
 * @returns the samples of each subject, in order of rounds
 */
export async function interleave<Name extends string, Sample = number>(
  rounds: number,
  subjects: Readonly<Record<Name, Measure<Sample>>>,
): Promise<Record<Name, Sample[]>> {
  // The keys of a record by Name are the names.
  const names = Object.keys(subjects) as Name[]
  // Filled for every name, one entry each.
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    Sample[]
  >
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      samples[name].push(await subjects[name]())
    }
  }
  return samples
}
