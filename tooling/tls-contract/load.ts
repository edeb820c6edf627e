import { expect } from 'vitest'
import type { Endpoint } from '../../packages/transport/src/index.ts'

const note = 32

/** One node tells another numbers, a few each turn, for as long as the test runs. */
export class Load {
  readonly received: number[] = []
  sent = 0
  lost = 0
  connections = 0
  readonly #alice: Endpoint
  readonly #bob: Endpoint
  readonly #running: Promise<void>
  #isOver = false
  #isPaused = false

  constructor(alice: Endpoint, bob: Endpoint) {
    this.#alice = alice
    this.#bob = bob
    bob.handle(note, (_from, bytes, start) => {
      this.received.push(new DataView(bytes.buffer, bytes.byteOffset).getUint32(start))
    })
    alice.subscribe((event) => {
      if (event.type === 'lane-opened' && event.lane === 'data') this.connections++
      if ('lostFrames' in event) this.lost += event.lostFrames
      if (event.type === 'frame-dropped') this.lost++
    })
    this.#running = this.#run()
  }

  /** Waits until a connection is replaced by a new one, with messages before and behind it. */
  async reconnect(): Promise<void> {
    const sent = this.sent
    const connections = this.connections
    await expect.poll(() => this.received.length).toBeGreaterThan(sent)
    // As a lane does that was idle: it is closed once everything is written, and opens on demand.
    this.#isPaused = true
    await expect.poll(() => this.#alice.isConnected(this.#bob.self, 'data')).toBe(false)
    this.#isPaused = false
    await expect.poll(() => this.connections).toBeGreaterThan(connections)
  }

  async end(): Promise<void> {
    this.#isOver = true
    await this.#running
    await expect.poll(() => this.received.length).toBe(this.sent)
  }

  async #run(): Promise<void> {
    const bytes = new Uint8Array(4)
    while (!this.#isOver) {
      for (let count = 0; count < 20 && !this.#isPaused; count++) {
        new DataView(bytes.buffer).setUint32(0, this.sent++)
        this.#alice.send(this.#bob.self, 'data', note, bytes)
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
