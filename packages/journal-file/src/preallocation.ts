// Zeros ahead of the log. A flush of what is written over them is one of the data alone; one that makes the file longer is
// one of its length and of its blocks as well, which takes a file system with a journal twice as long. They go to
// disk behind a frame that reaches past those that are there, in the same call: nothing is written to a file while
// a frame is, and a frame that was interrupted is still the last thing in it that is not zero.
import { frameHeaderBytes } from './frame.ts'

/** As many zeros as there is log already, but no fewer: a log of one event is worth a few pages. */
const leastBytes = 16 * 1024

/** A frame that is larger has none written behind it: it waits for its data in the first place. */
const largestFrameBytes = 64 * 1024

/** How far the last segment is filled with zeros. */
export class Preallocation {
  readonly #mostBytes: number
  readonly #segmentBytes: number
  /** Where the zeros end, if not before the log does. */
  #end = 0
  /** The disk had room for all that was asked for. */
  #hasRoom = true

  /** @param mostBytes - how many at once; 0 for none */
  constructor(mostBytes: number, segmentBytes: number) {
    this.#mostBytes = mostBytes
    this.#segmentBytes = segmentBytes
  }

  /** How many zeros to write behind a frame: none that would be left when the segment is full. */
  zerosBehind(at: number, frameBytes: number): number {
    const frameEnd = at + frameBytes
    if (frameEnd <= this.#end || !this.#hasRoom) return 0
    // Without entries, it is the first of a journal that may never be written to, or the last.
    if (frameBytes <= frameHeaderBytes || frameBytes > largestFrameBytes) return 0
    const most = Math.min(this.#mostBytes, this.#segmentBytes - frameEnd)
    return Math.max(0, Math.min(most, Math.max(leastBytes, frameEnd)))
  }

  /** A frame, and perhaps zeros behind it. */
  written(end: number): void {
    this.#end = Math.max(this.#end, end)
  }

  /** The disk took less: there are no more zeros in this segment. */
  refused(): void {
    this.#hasRoom = false
  }

  /** Whether there are zeros behind the end of the log. */
  isBehind(logEnd: number): boolean {
    return this.#end > logEnd
  }

  /** The segment ends where the log does. */
  cut(): void {
    this.#end = 0
  }

  /** Another segment. */
  begin(): void {
    this.#end = 0
    this.#hasRoom = true
  }
}
