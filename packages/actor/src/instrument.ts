// Looks at messages where they are sent and where they are handled, and has something travel with them in
// between: the context of a trace, as a rule.
import type { MessageHandler } from './behavior.ts'
import type { Cell } from './cell.ts'
import { Envelope } from './envelope.ts'

/** A message at one end of its way. */
export interface InstrumentedMessage {
  readonly path: string
  readonly message: unknown
}

/** For tracing and metrics. Where none is set, nothing is paid for it. */
export interface Instrument {
  /** Called when a message is sent, by the sender. What it gives goes with the message. What it throws is logged. */
  onSend(sent: InstrumentedMessage): unknown
  /**
   * Called when a message is handled, with what `onSend` gave; undefined for timers and the like.
   *
   * @param handle - handles it, and gives what the handler does: a promise, perhaps
   * @returns what `handle` gave. What it throws is the actor's failure, as what the handler throws
   */
  onReceive<T>(received: InstrumentedMessage, carried: unknown, handle: () => T): T
}

/** A message with what travels with it. */
export class Traced extends Envelope {
  override readonly content: unknown
  readonly #carried: unknown

  constructor(content: unknown, carried: unknown) {
    super()
    this.content = content
    this.#carried = carried
  }

  override get carried(): unknown {
    return this.#carried
  }

  override get isValid(): boolean {
    return true
  }

  override open(): unknown {
    return this.content
  }
}

/** What is to travel with a message. */
export function carriedTo(cell: Cell, message: unknown): unknown {
  const { instrument } = cell.runtime
  if (!instrument) return undefined
  try {
    return instrument.onSend({ path: cell.path, message })
  } catch (error) {
    cell.runtime.report(error, 'The instrument threw')
    return undefined
  }
}

/** A handler that is looked at, where there is somebody to look. */
export function instrumented(
  cell: Cell,
  onMessage: MessageHandler<unknown>,
): MessageHandler<unknown> {
  const { instrument } = cell.runtime
  if (!instrument) return onMessage
  return (message, context) => {
    const carried = cell.current instanceof Envelope ? cell.current.carried : undefined
    const received = { path: cell.path, message }
    return instrument.onReceive(received, carried, () => onMessage(message, context))
  }
}
