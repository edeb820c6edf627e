// What of a long run is done, in a file: one line of JSON for each share. It goes on from there when it is started again.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { FuzzReport } from './fuzz.ts'

export class Done {
  readonly #file: string | undefined
  readonly reports: FuzzReport[] = []

  /** @param file - none: nothing is kept */
  constructor(file: string | undefined) {
    this.#file = file
    if (file === undefined || !existsSync(file)) return
    // The last line was cut off where the run was ended while it was written.
    const text = readFileSync(file, 'utf8')
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    if (whole !== text) writeFileSync(file, whole)
    const lines = whole.split('\n').slice(0, -1)
    this.reports.push(...lines.map((line) => JSON.parse(line) as FuzzReport)) // Written below.
  }

  add(report: FuzzReport): void {
    this.reports.push(report)
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(report)}\n`)
  }
}
