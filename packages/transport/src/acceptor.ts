import type { AssociationRegistry } from './association-registry.ts'
import type { Connection, ConnectionOwner } from './connection.ts'
import type { HandshakeFailure } from './counters.ts'
import type { EndpointContext } from './endpoint-context.ts'
import type { Refusal } from './endpoint-types.ts'
import { decidePrelude } from './handshake-decision.ts'
import {
  encodeRefusal,
  encodeWelcome,
  type HandshakeMessage,
  type Hello,
} from './handshake-messages.ts'
import type { Channel, ChannelCloseReason } from './transport.ts'
import {
  commonVersion,
  concatBytes,
  encodeFrame,
  encodePrelude,
  frameTypes,
  wireVersions,
  type Prelude,
} from './wire.ts'

/** How many callers beyond the bound are told that there are too many; the rest is just closed. */
const busyAnswers = 16

interface Pending {
  readonly source: string
  readonly timer: Disposable
  version: number
}

/**
 * Incoming connections until their handshake is done: few, small and short, for nobody knows yet who
 * they are. The cheapest check comes first: how many there are, the first eight bytes, the version,
 * and only then what the hello says.
 */
export class Acceptor implements ConnectionOwner {
  readonly #context: EndpointContext
  readonly #registry: AssociationRegistry
  readonly #pending = new Map<Connection, Pending>()
  readonly #perSource = new Map<string, number>()

  constructor(context: EndpointContext, registry: AssociationRegistry) {
    this.#context = context
    this.#registry = registry
  }

  get pendingCount(): number {
    return this.#pending.size
  }

  accept(channel: Channel): void {
    const { limits, clock } = this.#context.settings
    const { source } = channel
    const connection = this.#context.connection(channel, this, (gone) => this.#settle(gone))
    const ofSource = this.#perSource.get(source) ?? 0
    const crowd = Math.max(
      this.#pending.size - limits.maxPendingHandshakes,
      ofSource - limits.maxPendingHandshakesPerSource,
    )
    if (crowd >= busyAnswers || this.#context.isClosing) {
      this.#count('busy')
      connection.start()
      connection.close()
      return
    }
    const timer = clock.schedule(limits.handshakeTimeoutMs, () => this.#expire(connection))
    this.#pending.set(connection, { source, timer, version: wireVersions.max })
    this.#perSource.set(source, ofSource + 1)
    connection.start()
    if (crowd < 0 || connection.isClosed) return
    this.#count('busy')
    const detail = `too many connections wait for their handshake at ${this.#context.self.address}`
    this.#refuse(connection, { reason: 'busy', detail })
  }

  closeAll(): void {
    for (const connection of this.#pending.keys()) {
      this.#settle(connection)
      connection.abort()
    }
  }

  preludeReceived(connection: Connection, prelude: Prelude): void {
    const pending = this.#pending.get(connection)
    if (pending === undefined) return
    const refusal = decidePrelude(prelude, pending.source, this.#context.self)
    if (refusal !== undefined) this.#refuse(connection, refusal)
    else pending.version = commonVersion(prelude) ?? pending.version
  }

  messageReceived(connection: Connection, message: HandshakeMessage): void {
    if (message.type === 'hello') {
      this.#greet(connection, message)
      return
    }
    this.#count('garbage')
    this.#refuse(connection, { reason: 'malformed', detail: 'a hello was expected' })
  }

  drained(): void {}

  closed(_connection: Connection, reason: ChannelCloseReason | 'malformed'): void {
    this.#count(reason === 'malformed' ? 'garbage' : 'ended')
  }

  #greet(connection: Connection, hello: Hello): void {
    const pending = this.#pending.get(connection)
    if (pending === undefined) return
    const refusal = this.#registry.judge(hello)
    if (refusal !== undefined) {
      this.#refuse(connection, refusal)
      return
    }
    this.#settle(connection)
    const welcome = encodeWelcome({
      type: 'welcome',
      wireVersion: pending.version,
      ...this.#context.introduction(),
    })
    this.#answer(connection, frameTypes.welcome, welcome)
    this.#registry.accept(connection, hello)
  }

  /** Says no. The connection still counts as pending until the other side has taken the answer. */
  #refuse(connection: Connection, refusal: Refusal): void {
    this.#context.tally.refusedByUs[refusal.reason]++
    this.#answer(connection, frameTypes.refusal, encodeRefusal(refusal))
    connection.close({ graceful: true })
  }

  #answer(connection: Connection, frameType: number, body: Uint8Array): void {
    const frame = encodeFrame(frameType, body)
    connection.channel.write(concatBytes(encodePrelude(wireVersions), frame))
  }

  #expire(connection: Connection): void {
    if (!connection.isClosed) this.#count('timeout')
    connection.abort()
  }

  #count(failure: HandshakeFailure): void {
    this.#context.tally.handshakesFailed[failure]++
  }

  #settle(connection: Connection): void {
    const pending = this.#pending.get(connection)
    if (pending === undefined) return
    this.#pending.delete(connection)
    pending.timer[Symbol.dispose]()
    const left = (this.#perSource.get(pending.source) ?? 1) - 1
    if (left > 0) this.#perSource.set(pending.source, left)
    else this.#perSource.delete(pending.source)
  }
}
