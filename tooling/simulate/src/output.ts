// Where everything is written: for people, or, as JSON lines, for machines; never both.
import type { Progress } from './progress.ts'

export class Output {
  readonly #isJson: boolean
  readonly #write: (text: string) => void
  readonly #progress: Progress
  #interrupted: (() => void) | undefined

  constructor(isJson: boolean, write: (text: string) => void, progress: Progress) {
    this.#isJson = isJson
    this.#write = write
    this.#progress = progress
  }

  text(text: string): void {
    if (!this.#isJson) this.#line(text)
  }

  json(line: string): void {
    if (this.#isJson) this.#line(line)
  }

  progress(text: string): void {
    this.#progress.show(text)
  }

  /** A part of a long work is over: told at once, and stays to be read. */
  step(text: string): void {
    this.#progress.leave(text)
  }

  /** @param report - writes what was found so far */
  whenInterrupted(report: () => void): void {
    this.#interrupted = report
  }

  interrupt(): void {
    this.#progress.clear()
    this.#interrupted?.()
    this.text('\nInterrupted.')
  }

  #line(text: string): void {
    this.#progress.clear()
    this.#write(`${text}\n`)
  }
}
