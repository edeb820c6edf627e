// Where a run is shown: as a picture that is redrawn in place, as lines for people, or for machines.
import type { WriteStream } from 'node:tty'
import { frameLines, type FrameOptions } from './render/frame.ts'
import { jsonLine } from './render/json.ts'
import { plainLines } from './render/plain.ts'
import type { Run } from './run.ts'
import type { Scene } from './scene.ts'

export interface Display extends Disposable {
  /** The run is over: what is shown now stays, whatever becomes of the processes. */
  finish(): void
}

/** One line per piece of news. */
export function jsonDisplay(run: Run, write: (line: string) => void): Display {
  const listening = run.subscribe((news, scene) => {
    const line = jsonLine(news, scene.atMs)
    if (line !== undefined) write(line)
  })
  // The ends of the processes are of interest too.
  return { finish() {}, [Symbol.dispose]: () => listening[Symbol.dispose]() }
}

export function plainDisplay(run: Run, write: (line: string) => void): Display {
  const listening = run.subscribe((_, scene, before) => {
    for (const line of plainLines(before, scene)) write(line)
  })
  const stop = (): void => listening[Symbol.dispose]()
  return { finish: stop, [Symbol.dispose]: stop }
}

const frameIntervalMs = 125
const hideCursor = '\u001B[?25l'
const showCursor = '\u001B[?25h'
const clearLine = '\u001B[K'
const clearBelow = '\u001B[J'
const clearScreen = '\u001B[2J\u001B[H'

export type PictureOptions = Pick<FrameOptions, 'color' | 'title' | 'help'>

/** Draws over the frame before, so that the terminal keeps what was there when the demo began. */
export class PictureDisplay implements Display {
  readonly #run: Run
  readonly #output: WriteStream
  readonly #options: PictureOptions
  readonly #selected: () => string | undefined
  readonly #timer: NodeJS.Timeout
  readonly #showCursor = (): void => void this.#output.write(showCursor)
  readonly #resized = (): void => {
    // Lines may have been wrapped anew: how many rows the last frame takes is not known any more.
    this.#output.write(clearScreen)
    this.#height = 0
    this.#draw()
  }
  #height = 0
  #isFinished = false

  constructor(
    run: Run,
    output: WriteStream,
    options: PictureOptions,
    selected: () => string | undefined,
  ) {
    this.#run = run
    this.#output = output
    this.#options = options
    this.#selected = selected
    output.write(hideCursor)
    output.on('resize', this.#resized)
    process.on('exit', this.#showCursor)
    this.#timer = setInterval(() => this.#draw(), frameIntervalMs)
    this.#draw()
  }

  finish(): void {
    if (this.#isFinished) return
    this.#isFinished = true
    clearInterval(this.#timer)
    this.#output.off('resize', this.#resized)
    process.off('exit', this.#showCursor)
    // The summary that follows tells the story.
    this.#draw({ ...this.#run.scene, steps: [] })
    this.#showCursor()
  }

  [Symbol.dispose](): void {
    this.finish()
  }

  #draw(scene: Scene = this.#run.scene): void {
    const lines = frameLines(scene, {
      ...this.#options,
      columns: this.#output.columns,
      rows: this.#output.rows,
      elapsedMs: this.#run.elapsedMs(),
      selected: this.#selected(),
    })
    const up = this.#height > 0 ? `\u001B[${this.#height}A\r` : ''
    this.#height = lines.length
    this.#output.write(up + lines.map((line) => `${line}${clearLine}\n`).join('') + clearBelow)
  }
}
