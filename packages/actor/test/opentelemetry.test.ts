// Against the API itself, with the least of an SDK behind it.
import { AsyncLocalStorage } from 'node:async_hooks'
import * as api from '@opentelemetry/api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Behaviors, type ActorRef } from '../src/index.ts'
import { openTelemetry } from '../src/opentelemetry.ts'
import { gate, TestSystem } from './probe.ts'

interface Written {
  readonly name: string
  readonly parent: string
  readonly path: unknown
  status?: api.SpanStatus
  exception?: unknown
  hasEnded: boolean
}

const written: Written[] = []
const contexts = new AsyncLocalStorage<api.Context>()

const manager: api.ContextManager = {
  active: () => contexts.getStore() ?? api.ROOT_CONTEXT,
  with: (context, act, thisArg, ...given) =>
    contexts.run(context, () => act.apply(thisArg, given) as ReturnType<typeof act>),
  bind: (_context, target) => target,
  enable: () => manager,
  disable: () => manager,
}

const tracer: api.Tracer = {
  startSpan(name, options = {}, context = manager.active()) {
    const above = api.trace.getSpan(context)?.spanContext()
    const note: Written = {
      name,
      parent: above?.spanId ?? 'none',
      path: options.attributes?.['casty.actor.path'],
      hasEnded: false,
    }
    const id = `${written.push(note)}`
    const span = api.trace.wrapSpanContext({
      traceId: above?.traceId ?? id,
      spanId: id,
      traceFlags: 1,
    })
    return Object.assign(span, {
      setStatus: (status: api.SpanStatus) => {
        note.status = status
        return span
      },
      recordException: (exception: unknown) => {
        note.exception = exception
      },
      end: () => {
        expect(note.hasEnded).toBe(false)
        note.hasEnded = true
      },
    })
  },
  startActiveSpan: () => expect.unreachable(),
}

beforeAll(() => {
  api.context.setGlobalContextManager(manager)
  api.trace.setGlobalTracerProvider({ getTracer: () => tracer })
})

afterAll(() => {
  api.context.disable()
  api.trace.disable()
})

/** What was written since this was last asked. */
function spans(): readonly Written[] {
  return written.map((one) => ({ ...one }))
}

test('Messages, questions and what handlers await are spans of one trace, each below its sender', async () => {
  written.length = 0
  await using system = new TestSystem({ instrument: openTelemetry(api) })
  type Question = { readonly type: 'get'; readonly replyTo: ActorRef<string> }
  const bank = system.spawn<Question>(
    Behaviors.receive(({ replyTo }) => replyTo.tell('much')),
    { name: 'bank' },
  )
  const slow = gate()
  const shop = system.spawn<string>(
    Behaviors.receive(async (_message, context) => {
      await slow.promise
      await context.ask<Question, string>(bank, (replyTo) => ({ type: 'get', replyTo }))
    }),
    { name: 'shop' },
  )
  const request = tracer.startSpan('request')
  api.context.with(api.trace.setSpan(api.context.active(), request), () => shop.tell('buy'))
  request.end()
  await system.idle()
  expect(spans()).toEqual([
    { name: 'request', parent: 'none', path: undefined, hasEnded: true },
    { name: 'handle string', parent: '1', path: '/shop', hasEnded: false },
  ])
  slow.open()
  await system.idle()
  expect(spans().slice(1)).toEqual([
    { name: 'handle string', parent: '1', path: '/shop', hasEnded: true },
    { name: 'handle get', parent: '2', path: '/bank', hasEnded: true },
  ])
})

test.each<[string, () => void | Promise<void>]>([
  [
    'throws',
    () => {
      throw new Error('no')
    },
  ],
  ['rejects', () => Promise.reject(new Error('no'))],
])('A handler that %s has its span fail', async (_case, act) => {
  written.length = 0
  await using system = new TestSystem({ instrument: openTelemetry(api) })
  system.spawn<string>(Behaviors.receive(act), { name: 'a' }).tell('x')
  await system.idle()
  expect(spans()).toEqual([
    {
      name: 'handle string',
      parent: 'none',
      path: '/a',
      status: { code: api.SpanStatusCode.ERROR, message: 'no' },
      exception: new Error('no'),
      hasEnded: true,
    },
  ])
  expect(system.story.at(-1)).toBe('stopped /a')
})
