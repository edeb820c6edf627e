/** Seeds of one scenario that follow one another. */
export interface SeedSet {
  readonly scenario: string
  readonly from: number
  readonly seeds: number
  /** Whether it fails where a rare state was reached by no run. */
  readonly requireRareStates: boolean
}
