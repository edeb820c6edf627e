import type { NodeAddress } from '../node-address.ts'
import type { Channel, ChannelCloseReason, Listener } from '../transport.ts'
import { concatBytes } from '../wire.ts'
import type { TransportSubject } from './subject.ts'

/** One end of a channel, with everything that it was told. */
export class End {
  readonly channel: Channel
  readonly closes: ChannelCloseReason[] = []
  #chunks: Uint8Array[] = []
  #byteLength = 0
  #drains = 0
  #waiters: { readonly met: () => boolean; readonly resolve: () => void }[] = []
  /** Called with the length of each chunk, while it is delivered. */
  onReceived: ((byteLength: number) => void) | undefined

  constructor(channel: Channel) {
    this.channel = channel
  }

  open(): this {
    this.channel.open({
      received: (bytes) => {
        this.#chunks.push(bytes.slice())
        this.#byteLength += bytes.length
        this.onReceived?.(bytes.length)
        this.#wake()
      },
      drained: () => {
        this.#drains++
        this.#wake()
      },
      closed: (reason) => {
        this.closes.push(reason)
        this.#wake()
      },
    })
    return this
  }

  get byteLength(): number {
    return this.#byteLength
  }

  get drains(): number {
    return this.#drains
  }

  /** Everything received, as one run of bytes. */
  get bytes(): Uint8Array {
    const bytes = concatBytes(...this.#chunks)
    this.#chunks = [bytes]
    return bytes
  }

  async receivedBytes(byteLength: number): Promise<Uint8Array> {
    await this.until(() => this.#byteLength >= byteLength)
    return this.bytes
  }

  async closed(): Promise<ChannelCloseReason> {
    await this.until(() => this.closes.length > 0)
    return this.closes[0] ?? 'failed'
  }

  async until(met: () => boolean): Promise<void> {
    if (met()) return
    await new Promise<void>((resolve) => {
      this.#waiters.push({ met, resolve })
    })
  }

  #wake(): void {
    const ready = this.#waiters.filter(({ met }) => met())
    this.#waiters = this.#waiters.filter((waiter) => !ready.includes(waiter))
    for (const { resolve } of ready) resolve()
  }
}

/** A listener, and the channels that it accepted, in order. */
export class Listening implements AsyncDisposable {
  readonly #listener: Listener
  readonly #accepted: Channel[]
  readonly #waiters: (() => void)[]
  #taken = 0

  private constructor(listener: Listener, accepted: Channel[], waiters: (() => void)[]) {
    this.#listener = listener
    this.#accepted = accepted
    this.#waiters = waiters
  }

  static async start(
    subject: TransportSubject,
    transport: ReturnType<TransportSubject['create']> = subject.create(),
  ): Promise<Listening> {
    const accepted: Channel[] = []
    const waiters: (() => void)[] = []
    const listener = await transport.listen(subject.anyAddress, (channel) => {
      accepted.push(channel)
      for (const resolve of waiters.splice(0)) resolve()
    })
    return new Listening(listener, accepted, waiters)
  }

  get address(): NodeAddress {
    return this.#listener.address
  }

  /** The next channel that was, or will be, accepted. */
  async next(): Promise<Channel> {
    const at = this.#taken++
    for (let channel = this.#accepted[at]; ; channel = this.#accepted[at]) {
      if (channel !== undefined) return channel
      await new Promise<void>((resolve) => {
        this.#waiters.push(resolve)
      })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]()
  }
}

/** A connection with both ends at hand, ended when the test does. */
export interface Pair extends AsyncDisposable {
  readonly dialled: End
  readonly accepted: End
  readonly listening: Listening
}

/** Dials and accepts. The dialled end is open; the accepted one unless `acceptedIsOpen` is false. */
export async function connectedPair(
  subject: TransportSubject,
  { acceptedIsOpen = true }: { readonly acceptedIsOpen?: boolean } = {},
): Promise<Pair> {
  const listening = await Listening.start(subject)
  const dialled = new End(await subject.create().dial(listening.address)).open()
  const accepted = new End(await listening.next())
  if (acceptedIsOpen) accepted.open()
  return {
    dialled,
    accepted,
    listening,
    async [Symbol.asyncDispose]() {
      dialled.channel.close()
      accepted.channel.close()
      await listening[Symbol.asyncDispose]()
    },
  }
}

/** Bytes that repeat only after a long while: a lost or moved piece shows. */
export function pattern(byteLength: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(byteLength)
  let state = seed >>> 0
  for (let at = 0; at < byteLength; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

/** Whether two long runs of bytes are equal, without the report that `toEqual` would write. */
export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at])
}
