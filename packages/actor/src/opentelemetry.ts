// Spans for messages, in the traces of OpenTelemetry: one for each message that is handled, below whatever was
// going on when it was sent. Only the shape of its API is known here, so nothing comes to be installed by this.
import type { Instrument } from './instrument.ts'
import { isPromise } from './is-promise.ts'

/** As much of a span as is needed. */
interface SpanLike {
  setStatus(status: { code: number; message?: string }): unknown
  recordException(exception: string | Error): void
  end(): void
}

interface SpanOptions {
  kind: number
  attributes: Record<string, string>
}

/** What `@opentelemetry/api` exports, as far as it is needed: `C` is its Context, `S` its Span. */
export interface OpenTelemetryApi<C, S extends SpanLike> {
  readonly context: {
    active(): C
    with<T>(context: NoInfer<C>, act: () => T): T
  }
  readonly trace: {
    getTracer(name: string): {
      startSpan(name: string, options: SpanOptions, context: NoInfer<C>): S
    }
    setSpan(context: NoInfer<C>, span: NoInfer<S>): NoInfer<C>
  }
}

/** SpanKind.CONSUMER and SpanStatusCode.ERROR: numbers of its API that never change. */
const consumer = 4
const failed = 2

/**
 * An instrument for a system whose messages are to be seen in traces. A span is named for the `type` of its
 * message, lasts until the handler is done, for promises as well, and has failed where the handler did. What
 * is in the message is not looked at. The API does nothing until an SDK is set up.
 *
 * @param api - all of it, as by `import * as api from '@opentelemetry/api'`
 * @example
 * const system = new ActorSystem({ instrument: openTelemetry(api) })
 */
export function openTelemetry<C extends object, S extends SpanLike>({
  context,
  trace,
}: OpenTelemetryApi<C, S>): Instrument {
  const tracer = trace.getTracer('@casty/actor')
  return {
    onSend: () => context.active(),
    onReceive({ path, message }, carried, handle) {
      // Only `onSend` gives anything; timers come from nowhere.
      const parent = (carried as C | undefined) ?? context.active()
      const attributes = { 'casty.actor.path': path, 'casty.message.type': typeOf(message) }
      const name = `handle ${attributes['casty.message.type']}`
      const span = tracer.startSpan(name, { kind: consumer, attributes }, parent)
      return context.with(trace.setSpan(parent, span), () => lasting(span, handle))
    },
  }
}

function lasting<T>(span: SpanLike, handle: () => T): T {
  const end = (): void => span.end()
  const fail = (error: unknown): void => {
    const text = error instanceof Error ? error.message : String(error)
    span.recordException(error instanceof Error ? error : text)
    span.setStatus({ code: failed, message: text })
    span.end()
  }
  try {
    const result = handle()
    if (isPromise(result)) result.then(end, fail)
    else end()
    return result
  } catch (error) {
    fail(error)
    throw error
  }
}

function typeOf(message: unknown): string {
  const hasType = typeof message === 'object' && message !== null && 'type' in message
  return hasType && typeof message.type === 'string' ? message.type : typeof message
}
