import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, test } from 'vitest'
import { Behaviors, type ActorRef, type Instrument } from '../src/index.ts'
import { TestSystem } from './probe.ts'

describe('An instrument', () => {
  test('has a context travel with messages, questions and answers that are handled by promises', async () => {
    const trace = new AsyncLocalStorage<string>()
    const spans: string[] = []
    const instrument: Instrument = {
      onSend: () => trace.getStore(),
      onReceive: ({ path }, carried, handle) =>
        trace.run(`${typeof carried === 'string' ? carried : 'none'} > ${path}`, () => {
          spans.push(trace.getStore() ?? '')
          return handle()
        }),
    }
    await using system = new TestSystem({ instrument })
    type Question = { readonly replyTo: ActorRef<string> }
    const last = system.spawn<Question>(
      Behaviors.receive(({ replyTo }) => replyTo.tell(trace.getStore() ?? '')),
      { name: 'last' },
    )
    const first = system.spawn<Question>(
      Behaviors.setup((context) => {
        const adapted = context.adapt<Question>((question) => question)
        let isFirst = true
        return Behaviors.receive(async (question) => {
          await Promise.resolve()
          if (isFirst) adapted.tell(question)
          else
            question.replyTo.tell(
              await context.ask<Question, string>(last, (replyTo) => ({ replyTo })),
            )
          isFirst = false
        })
      }),
      { name: 'first' },
    )
    const asked = trace.run('request', () =>
      system.ask<Question, string>(first, (replyTo) => ({ replyTo })),
    )
    expect(await asked).toBe('request > /first > /first > /last')
    expect(spans).toEqual([
      'request > /first',
      'request > /first > /first',
      'request > /first > /first > /last',
    ])
  })

  test('that throws when a message is sent loses none', async () => {
    const instrument: Instrument = {
      onSend() {
        throw new Error('no')
      },
      onReceive: (_received, _carried, handle) => handle(),
    }
    await using system = new TestSystem({ instrument })
    const log: unknown[] = []
    const ref = system.spawn<string>(
      Behaviors.receive((message, { stash }) => {
        if (message === 'x' && log.length === 0) {
          stash.stash(message)
          stash.unstashAll()
        }
        log.push(message)
      }),
    )
    ref.tell('x')
    await system.idle()
    expect(log).toEqual(['x', 'x'])
  })
})
