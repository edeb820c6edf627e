// A transport whose bytes can be held: what one node writes is kept instead of sent, and brought to the other when it
// suits the measurement. So each end is measured by itself, and without the system calls between them.
import type { Channel, ChannelSink, Transport } from '@casty/transport'

/** Of a turn's writes and of reads, as they are over TCP. */
const chunkBytes = 65_536

interface TappedChannel {
  written: number
  received: number
  sink: ChannelSink | undefined
  held: Uint8Array[] | undefined
  isPaused: boolean
  /** Waits for what arrived before to be read. */
  resumed: (() => void) | undefined
}

export class Tap {
  readonly transport: Transport
  readonly #channels: TappedChannel[] = []
  #held: Uint8Array[] = []

  constructor(transport: Transport) {
    this.transport = {
      ...transport,
      listen: (address, accept) =>
        transport.listen(address, (channel) => accept(this.#tapped(channel))),
      dial: async (address, options) => this.#tapped(await transport.dial(address, options)),
    }
  }

  #tapped(channel: Channel): Channel {
    const tapped: TappedChannel = {
      written: 0,
      received: 0,
      sink: undefined,
      held: undefined,
      isPaused: false,
      resumed: undefined,
    }
    this.#channels.push(tapped)
    return {
      source: channel.source,
      get bufferedBytes() {
        return channel.bufferedBytes
      },
      open(sink) {
        tapped.sink = sink
        channel.open({
          received(bytes) {
            tapped.received += bytes.length
            sink.received(bytes)
          },
          drained: () => sink.drained(),
          closed: (reason) => sink.closed(reason),
        })
      },
      write(bytes) {
        tapped.written += bytes.length
        if (!tapped.held) return channel.write(bytes)
        tapped.held.push(bytes.slice())
        return true
      },
      pause() {
        tapped.isPaused = true
        channel.pause()
      },
      resume() {
        tapped.isPaused = false
        channel.resume()
        tapped.resumed?.()
      },
      close: (options) => channel.close(options),
    }
  }

  /** From now on nothing leaves by the channel that most was written to. */
  hold(): void {
    const busiest = this.#channels.toSorted((a, b) => b.written - a.written)[0]
    if (busiest) busiest.held = this.#held
  }

  /** All that was held since it was taken last, in pieces as they would arrive. */
  take(): readonly Uint8Array[] {
    const all = Buffer.concat(this.#held.splice(0))
    const chunks: Uint8Array[] = []
    for (let start = 0; start < all.length; start += chunkBytes) {
      chunks.push(new Uint8Array(all.subarray(start, start + chunkBytes)))
    }
    return chunks
  }

  /** Brings that to where most has arrived so far, which may ask for some time before it takes more. */
  async bring(bytes: Uint8Array): Promise<void> {
    const busiest = this.#channels.toSorted((a, b) => b.received - a.received)[0]
    if (!busiest?.sink) throw new Error('Nothing has arrived yet.')
    busiest.sink.received(bytes)
    if (busiest.isPaused) await new Promise<void>((resolve) => (busiest.resumed = resolve))
  }
}
