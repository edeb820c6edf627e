import type { Socket } from 'node:net'
import type { Link } from './link.ts'
import { resetSocket } from './reset.ts'

/** Bytes under way before the source is read no further. */
const windowBytes = 262_144

type Parcel =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array; readonly dueAt: number }
  | { readonly type: 'end' | 'reset'; readonly dueAt: number }

/**
 * One direction of a relayed connection: what the source sends, its end included, comes out at the
 * destination once the link lets it pass. While it does not, the source is not read: its system buffers
 * what it sends, and then makes it wait, as it does with packets that nobody acknowledges.
 */
export class Pipe {
  readonly #source: Socket
  readonly #destination: Socket
  readonly #link: Link
  readonly #parcels: Parcel[] = []
  #heldBytes = 0
  #timer: NodeJS.Timeout | undefined
  #isFull = false

  constructor(source: Socket, destination: Socket, link: Link) {
    this.#source = source
    this.#destination = destination
    this.#link = link
    source.on('data', (bytes: Uint8Array) => this.send(bytes))
    source.on('end', () => this.#take({ type: 'end', dueAt: this.#dueAt() }))
    source.on('error', () => this.#take({ type: 'reset', dueAt: this.#dueAt() }))
    const goOn = (): void => {
      this.#isFull = false
      this.linkChanged()
    }
    destination.on('drain', goOn).on('close', goOn)
    this.linkChanged()
  }

  /** As if it came from the source. */
  send(bytes: Uint8Array): void {
    this.#heldBytes += bytes.length
    this.#take({ type: 'bytes', bytes, dueAt: this.#dueAt() })
  }

  linkChanged(): void {
    clearTimeout(this.#timer)
    const waitMs = this.#deliver()
    if (waitMs !== undefined) this.#timer = setTimeout(() => this.linkChanged(), waitMs)
    if (this.#link.isOpen && !this.#isFull && this.#heldBytes < windowBytes) this.#source.resume()
    else this.#source.pause()
  }

  /** Nothing comes out any more. */
  close(): void {
    clearTimeout(this.#timer)
    this.#parcels.length = 0
  }

  /** Never before what was sent earlier, though the delay may be less than it was. */
  #dueAt(): number {
    const last = this.#parcels.at(-1)?.dueAt ?? 0
    return Math.max(last, performance.now() + this.#link.delayMs)
  }

  #take(parcel: Parcel): void {
    this.#parcels.push(parcel)
    this.linkChanged()
  }

  /** @returns how long to wait for the next; undefined where something else has to happen first */
  #deliver(): number | undefined {
    while (this.#link.isOpen && !this.#isFull) {
      const [next] = this.#parcels
      if (!next) return undefined
      const waitMs = next.dueAt - performance.now()
      if (waitMs > 0) return waitMs
      this.#parcels.shift()
      this.#hand(next)
    }
    return undefined
  }

  /** What comes for a destination that is gone is lost; the source is told by the other direction. */
  #hand(parcel: Parcel): void {
    switch (parcel.type) {
      case 'bytes':
        this.#heldBytes -= parcel.bytes.length
        if (this.#destination.writable) this.#isFull = !this.#destination.write(parcel.bytes)
        return
      case 'end':
        this.#destination.end()
        return
      case 'reset':
        resetSocket(this.#destination)
        return
    }
  }
}
