/** One benchmark: `src/scenarios/<name>.ts` exports it as `scenario`, and `scenarios.ts` lists it. */
export interface Scenario {
  /** As on the command line. */
  readonly name: string
  readonly description: string
  /** How often each figure is measured where nobody says. @defaultValue 5 */
  readonly repetitions?: number
  readonly run: (context: Context) => Promise<Table>
}

export interface Context {
  /** How often each figure is measured. Interleave them (`interleave`), so that drift hits all alike. */
  readonly repetitions: number
  /** Says what is being measured; shown on stderr. */
  readonly progress: (what: string) => void
}

export interface Table {
  readonly title: string
  readonly rows: readonly Row[]
  /** What a reader must know to judge the figures. */
  readonly notes?: readonly string[]
}

export interface Row {
  readonly what: string
  readonly unit: string
  /** One per repetition, or one per event measured. The table shows the percentile below. */
  readonly samples: readonly number[]
  /** @defaultValue 50, the median */
  readonly percentile?: number
  /** What the row is compared with, measured in the same run, sample by sample. */
  readonly reference?: { readonly name: string; readonly samples: readonly number[] }
  /** What is aimed at, for people. Benchmarks show, they do not judge. */
  readonly wanted?: string
}
